#!/usr/bin/env node
import { endWithStudy } from './stopping/end-with-study.js';
import { watchStopSignals } from './stopping/stop-signals.js';

watchStopSignals();
endWithStudy();
void import('./run.js')
  .then(({ run }) => run(process.argv))
  .then((code) => {
    process.exitCode = code;
    // Work that was stopped before it had anything to save may still be running.
    if (code > 128) process.exit();
  });

#!/usr/bin/env node
import { watchStopSignals } from './stop-signals.js';

watchStopSignals();
void Promise.all([import('./end-with-study.js'), import('./run.js')])
  .then(([{ endWithStudy }, { run }]) => {
    endWithStudy();
    return run(process.argv);
  })
  .then((code) => {
    process.exitCode = code;
    // Work that was stopped before it could be saved still goes on.
    if (code > 128) process.exit();
  });

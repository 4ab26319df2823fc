#!/usr/bin/env node
import { endWithStudy } from './end-with-study.js';
import { run } from './run.js';

endWithStudy();
void run(process.argv).then((code) => {
  process.exitCode = code;
});

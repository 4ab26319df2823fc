import { resolve } from 'node:path';
import { Command } from 'commander';
import { printable, readConfig, type RunnerStatus } from '@tersor/core';
import { folderStore, openRunner, studySchema, studyStatus, type StudyStatus } from '@tersor/study';
import { collect } from '../option-values.js';
import { fitTable } from '../screen/fit-table.js';
import { runnerOverride, thisProgram } from './running-trials.js';

interface Options {
  out?: string;
  runner?: string;
  set: string[];
  json?: boolean;
}

/** `tersor study status <study>`: shows the progress of a study and its queue. */
export function statusCommand(): Command {
  return new Command('status')
    .description('show the progress of a study, its queue and its workers')
    .argument('<study>', 'YAML or JSON study')
    .option('--out <dir>', 'folder of the study (default: "output" of the study)')
    .option('--runner <plugin>', "runner of the study, instead of the study's own")
    .option('--set <path=value>', 'replace a value of the study; may be repeated', collect, [])
    .option('--json', 'print as JSON')
    .action(async (path: string, { out, runner: named, set, json }: Options) => {
      const study = await readConfig(path, studySchema, [...runnerOverride(named), ...set]);
      const { runner, dispose } = await openRunner({
        study,
        path: resolve(path),
        command: thisProgram(),
        searchFrom: [process.cwd(), __dirname],
      });
      try {
        const store = folderStore(resolve(out ?? study.output));
        const trials = await studyStatus({ study, path: resolve(path), store });
        const queue = await runner.status?.();
        const all = { trials, ...(queue && { queue }) };
        process.stdout.write(json ? `${JSON.stringify(all, undefined, 2)}\n` : text(trials, queue));
      } finally {
        await dispose();
      }
    });
}

function text({ total, done, failed, interrupted, missing }: StudyStatus, queue?: RunnerStatus): string {
  const here = `${total} trials: ${done} done, ${failed} failed, ${interrupted} interrupted, ${missing} not there yet.\n`;
  if (!queue) return here;
  const counts = `In the queue: ${queue.waiting} wait, ${queue.running} run, ${queue.ended} have ended and were not fetched.\n`;
  if (queue.workers.length === 0) return `${here}${counts}No worker is there.\n`;
  const table = fitTable({
    head: ['worker', 'cores', 'GB', 'backends', 'trials', 'refuses'],
    rows: queue.workers.map(({ name, cores, memoryBytes, backends, trials, refused }) => [
      name,
      String(cores),
      (memoryBytes / 1e9).toFixed(1),
      backends.join(', '),
      trials.join(', '),
      printable(refused.join('; ')),
    ]),
    right: [1, 2],
  });
  return `${here}${counts}${table}\n`;
}

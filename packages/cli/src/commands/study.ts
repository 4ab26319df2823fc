import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { readConfig, TersorError } from '@tersor/core';
import { childProcessRunner, runStudy, studySchema, type StudyResults, type TrialRecord } from '@tersor/study';
import { collect } from '../option-values.js';
import { again } from '../stop-on-interrupt.js';
import { onStopSignal } from '../stop-signals.js';
import { studyTable } from '../study-table.js';

interface Options {
  out?: string;
  set: string[];
  jobs: number;
  resume?: boolean;
  yes?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** `tersor study <study>`: runs every combination of a grid, and compares them. */
export function studyCommand(): Command {
  return new Command('study')
    .description('run compressions with every combination of some settings and seeds, and compare them')
    .argument('<study>', 'YAML or JSON study (`tersor schema study` prints its schema)')
    .option('--out <dir>', 'folder of the study (default: "output" of the study)')
    .option('--set <path=value>', 'replace a value of the study, for instance seeds=[1,2]; may be repeated', collect, [])
    .option('--jobs <count>', 'trials at the same time', positiveInteger, 1)
    .option('--resume', 'run only the trials that the folder lacks')
    .option('--yes', 'run more trials than the limit of the study')
    .option('--json', 'print the results as JSON')
    .option('--quiet', 'no progress')
    .action(async (path: string, { out, set, jobs, resume, yes, json, quiet }: Options) => {
      const study = await readConfig(path, studySchema, set);
      const output = resolve(out ?? study.output);
      const stop = new AbortController();
      const restore = onStopSignal(
        (signal) => {
          stop.abort();
          process.stderr.write(`\nWaiting for the running trials to save themselves; ${again(signal)} to stop at once.\n`);
        },
        // The trials are ended as this process exits; the system alone would let them go on.
        () => undefined,
      );
      const results = await runStudy({
        study,
        path: resolve(path),
        output,
        runner: childProcessRunner([process.execPath, ...process.execArgv, process.argv[1]!]),
        version: (JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string }).version,
        jobs,
        resume: resume === true,
        yes: yes === true,
        signal: stop.signal,
        onTrial: ({ id, seed, settings }, record, { done, total, reused }) => {
          if (quiet || json) return;
          const { seed: _seed, ...varied } = settings;
          process.stderr.write(`[${done}/${total}] ${id}, seed ${seed}, ${Object.entries(varied).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(' ')}: ${reused ? 'done before' : ending(record)}\n`);
        },
      }).finally(restore);
      process.stdout.write(json ? `${JSON.stringify(results, undefined, 2)}\n` : `${studyTable(results)}\nThe report is ${out ?? study.output}/report.html\n`);
      requireComplete(results);
    });
}

function ending(record: TrialRecord): string {
  if (record.status === 'failed') return `failed: ${record.error.split('\n')[0]}`;
  return `${record.status} in ${record.seconds.toFixed(0)} s`;
}

function requireComplete({ trials }: StudyResults): void {
  const failed = trials.filter(({ status }) => status !== 'done').length;
  if (failed === 0) return;
  throw new TersorError('TRIALS_FAILED', `${failed} of ${trials.length} trials failed.`, { hint: 'The report and log.txt in their folders say why; --resume runs them again.' });
}

function positiveInteger(value: string): number {
  const count = Number(value);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('Expected a whole number from 1.');
  return count;
}

import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { readConfig, TersorError, type TrialRunner } from '@tersor/core';
import { identifyCompression } from '@tersor/compression';
import {
  folderStore,
  openRunner,
  previewStudy,
  runStudy,
  studySchema,
  type Identify,
  type PlannedTrial,
  type Study,
  type StudyProgress,
  type StudyResults,
  type TrialRecord,
} from '@tersor/study';
import { collect } from '../option-values.js';
import { again } from '../stopping/stop-on-interrupt.js';
import { onStopSignal } from '../stopping/stop-signals.js';
import { previewText, roughly, settingsText } from '../tables/study-preview.js';
import { studyTable } from '../tables/study-table.js';

interface Options {
  out?: string;
  set: string[];
  jobs?: number;
  resume?: boolean;
  yes?: boolean;
  json?: boolean;
  quiet?: boolean;
  dryRun?: boolean;
}

/** `tersor study <study>`: runs every combination of a grid, and compares them. */
export function studyCommand(): Command {
  return new Command('study')
    .description('run compressions with every combination of some settings and seeds, and compare them')
    .argument('<study>', 'YAML or JSON study (`tersor schema study` prints its schema)')
    .option('--out <dir>', 'folder of the study (default: "output" of the study)')
    .option(
      '--set <path=value>',
      'replace a value of the study, for instance seeds=[1,2]; may be repeated',
      collect,
      [],
    )
    .option(
      '--jobs <count>',
      'trials at the same time: the option "concurrency" of the study\'s runner',
      positiveInteger,
    )
    .option('--resume', 'run only the trials that the folder lacks')
    .option('--yes', 'run more trials than the limit of the study')
    .option('--dry-run', 'only say which trials would run')
    .option('--json', 'print the results as JSON')
    .option('--quiet', 'no progress')
    .action(async (path: string, options: Options) => {
      const study = await readConfig(path, studySchema, options.set);
      const { runner, dispose } = await openRunner({
        study,
        path: resolve(path),
        command: [process.execPath, ...process.execArgv, process.argv[1]!],
        jobs: options.jobs,
        searchFrom: [process.cwd(), __dirname],
      });
      await (options.dryRun ? previewed : compared)(path, study, runner, options).finally(dispose);
    });
}

/** Says what would run. */
async function previewed(path: string, study: Study, runner: TrialRunner, options: Options): Promise<void> {
  const preview = await previewStudy(placeOf(path, study, runner, options));
  process.stdout.write(
    options.json ? `${JSON.stringify(preview, undefined, 2)}\n` : previewText(preview, study.limit),
  );
}

/** Runs what the store lacks, and prints the comparison. */
async function compared(path: string, study: Study, runner: TrialRunner, options: Options): Promise<void> {
  const { out, json } = options;
  const say = (text: string) => {
    if (!options.quiet && !json) process.stderr.write(`${text}\n`);
  };
  const stop = new AbortController();
  const restore = onStopSignal(
    (signal) => {
      stop.abort();
      process.stderr.write(
        `\nWaiting for the running trials to save themselves; ${again(signal)} to stop at once.\n`,
      );
    },
    // The trials are ended as this process exits; the system alone would let them go on.
    () => undefined,
  );
  const results = await runStudy({
    ...placeOf(path, study, runner, options),
    version: (JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string })
      .version,
    resume: options.resume === true,
    yes: options.yes === true,
    signal: stop.signal,
    onTrial: (trial, record, progress) => say(progressLine(trial, record, progress)),
    onNotice: say,
  }).finally(restore);
  process.stdout.write(
    json
      ? `${JSON.stringify(results, undefined, 2)}\n`
      : `${studyTable(results)}\nThe report is ${out ?? study.output}/report.html\n`,
  );
  requireComplete(results);
}

/** What a study is, and where. */
function placeOf(path: string, study: Study, runner: TrialRunner, { out }: Options) {
  return {
    study,
    path: resolve(path),
    store: folderStore(resolve(out ?? study.output)),
    runner,
    identify: identifier(resolve(dirname(path), study.config)),
  };
}

/** Identifies what trials come from as they themselves will. */
function identifier(configPath: string): Identify {
  return (config) =>
    identifyCompression(config, { directory: dirname(configPath), searchFrom: [process.cwd(), __dirname] });
}

function progressLine(
  { id, seed, settings }: PlannedTrial,
  record: TrialRecord,
  { done, total, reused, secondsLeft }: StudyProgress,
): string {
  const left = secondsLeft === undefined || done === total ? '' : `; about ${roughly(secondsLeft)} left`;
  return `[${done}/${total}] ${id}, seed ${seed}, ${settingsText(settings)}: ${reused ? 'done before' : ending(record)}${left}`;
}

function ending(record: TrialRecord): string {
  if (record.status === 'failed') return `failed: ${record.error.split('\n')[0]}`;
  return `${record.status} in ${record.seconds.toFixed(0)} s`;
}

function requireComplete({ trials }: StudyResults): void {
  const failed = trials.filter(({ status }) => status !== 'done').length;
  if (failed === 0) return;
  throw new TersorError('TRIALS_FAILED', `${failed} of ${trials.length} trials failed.`, {
    hint: 'The report and log.txt in their folders say why; --resume runs them again.',
  });
}

function positiveInteger(value: string): number {
  const count = Number(value);
  if (!Number.isInteger(count) || count < 1)
    throw new InvalidArgumentError('Expected a whole number from 1.');
  return count;
}

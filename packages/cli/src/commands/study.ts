import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { readConfig, TersorError, type TrialRunner } from '@tersor/core';
import {
  folderStore,
  openRunner,
  previewStudy,
  runStudy,
  studySchema,
  type Study,
  type StudyResults,
} from '@tersor/study';
import { collect } from '../option-values.js';
import { collectCommand } from '../studies/collect.js';
import { runPartCommand } from '../studies/run-trial.js';
import { statusCommand } from '../studies/status.js';
import {
  identifier,
  progressLine,
  runnerOverride,
  stopTrials,
  tersorVersion,
  thisProgram,
  wholeNumber,
} from '../studies/running-trials.js';
import { previewText } from '../tables/study-preview.js';
import { studyTable } from '../tables/study-table.js';

interface Options {
  out?: string;
  runner?: string;
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
      '--runner <plugin>',
      'what runs the trials, instead of the study\'s "runner": a plugin by its id, package or path',
    )
    .option(
      '--jobs <count>',
      'trials at the same time: the option "concurrency" of the study\'s runner',
      wholeNumber(1),
    )
    .option('--resume', 'run only the trials that the folder lacks')
    .option('--yes', 'run more trials than the limit of the study')
    .option('--dry-run', 'only print which trials would run')
    .option('--json', 'print the results as JSON')
    .option('--quiet', 'no progress')
    .addCommand(runPartCommand())
    .addCommand(statusCommand())
    .addCommand(collectCommand())
    .hook('preSubcommand', handOver)
    .action(async (path: string, options: Options) => {
      const study = await readConfig(path, studySchema, [...runnerOverride(options.runner), ...options.set]);
      const { runner, dispose } = await openRunner({
        study,
        path: resolve(path),
        command: thisProgram(),
        jobs: options.jobs,
        searchFrom: [process.cwd(), __dirname],
      });
      await (options.dryRun ? previewed : compared)(path, study, runner, options).finally(dispose);
    });
}

/**
 * Passes options after the name of a subcommand on to it, and rejects those that it does not have. Without
 * this, `study` would consume those that have the same names as its own.
 */
function handOver(study: Command, subcommand: Command): void {
  const known = new Set(subcommand.options.map((option) => option.attributeName()));
  for (const option of study.options) {
    const name = option.attributeName();
    if (study.getOptionValueSource(name) !== 'cli') continue;
    if (!known.has(name))
      study.error(`error: "tersor study ${subcommand.name()}" has no option ${option.long}`);
    subcommand.setOptionValueWithSource(name, study.getOptionValue(name), 'cli');
  }
}

/** Prints what would run. */
async function previewed(path: string, study: Study, runner: TrialRunner, options: Options): Promise<void> {
  const preview = await previewStudy(placeOf(path, study, runner, options));
  process.stdout.write(
    options.json ? `${JSON.stringify(preview, undefined, 2)}\n` : previewText(preview, study.limit),
  );
}

/** Runs the trials that the store lacks, and prints the comparison. */
async function compared(path: string, study: Study, runner: TrialRunner, options: Options): Promise<void> {
  const { out, json } = options;
  const say = (text: string) => {
    if (!options.quiet && !json) process.stderr.write(`${text}\n`);
  };
  const { signal, restore } = stopTrials();
  const results = await runStudy({
    ...placeOf(path, study, runner, options),
    version: tersorVersion(),
    command: { args: process.argv.slice(2), directory: process.cwd() },
    resume: options.resume === true,
    yes: options.yes === true,
    signal,
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

/** A study and its place, as study functions expect them. */
function placeOf(path: string, study: Study, runner: TrialRunner, { out }: Options) {
  return {
    study,
    path: resolve(path),
    store: folderStore(resolve(out ?? study.output)),
    runner,
    identify: identifier(resolve(dirname(path), study.config)),
  };
}

function requireComplete({ trials }: StudyResults): void {
  const failed = trials.filter(({ status }) => status !== 'done').length;
  if (failed === 0) return;
  throw new TersorError('TRIALS_FAILED', `${failed} of ${trials.length} trials failed.`, {
    hint: 'See the report, and log.txt in their folders; --resume runs them again.',
  });
}

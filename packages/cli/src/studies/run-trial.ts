import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { readConfig, TersorError } from '@tersor/core';
import { folderStore, openRunner, runPart, studySchema } from '@tersor/study';
import { collect } from '../option-values.js';
import {
  identifier,
  progressLine,
  stopTrials,
  tersorVersion,
  thisProgram,
  wholeNumber,
} from './running-trials.js';

interface Options {
  index: number;
  of?: number;
  out?: string;
  set: string[];
  quiet?: boolean;
}

/** `tersor study run-trial <study> --index I`: runs one job of a cluster's array. */
export function runPartCommand(): Command {
  return new Command('run-trial')
    .description('run one trial of a study, or one part of it: a job of a Slurm array or of Kubernetes')
    .argument('<study>', 'YAML or JSON study')
    .requiredOption(
      '--index <number>',
      'which trial, or which part with --of; counted from 0',
      wholeNumber(0),
    )
    .option('--of <parts>', 'split the trials into this many parts, instead of single trials', wholeNumber(1))
    .option('--out <dir>', 'folder of the study (default: "output" of the study); jobs may share it')
    .option('--set <path=value>', 'replace a value of the study; may be repeated', collect, [])
    .option('--quiet', 'no progress')
    .action(async (path: string, { index, of, out, set, quiet }: Options) => {
      const study = await readConfig(path, studySchema, set);
      const { runner, dispose } = await openRunner({
        study,
        path: resolve(path),
        command: thisProgram(),
        searchFrom: [process.cwd(), __dirname],
      });
      const say = (text: string) => {
        if (!quiet) process.stderr.write(`${text}\n`);
      };
      const { signal, restore } = stopTrials();
      const records = await runPart({
        study,
        path: resolve(path),
        store: folderStore(resolve(out ?? study.output)),
        runner,
        version: tersorVersion(),
        identify: identifier(resolve(dirname(path), study.config)),
        index,
        of,
        signal,
        onTrial: (trial, record, progress) => say(progressLine(trial, record, progress)),
        onNotice: say,
      })
        .finally(restore)
        .finally(dispose);
      const failed = records.filter(({ status }) => status !== 'done').length;
      if (failed > 0)
        throw new TersorError('TRIALS_FAILED', `${failed} of ${records.length} trials of this part failed.`, {
          hint: 'See log.txt in their folders; the same command runs them again.',
        });
    });
}

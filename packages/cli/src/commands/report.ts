import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { makeFolder, TersorError } from '@tersor/core';
import { writeComparison, writeOptunaJournal, writeReport, writeTensorBoard } from '@tersor/study';
import { requireFreePage } from '../output-place.js';

interface Options {
  out?: string;
  tensorboard?: boolean;
  optuna?: boolean;
}

/**
 * `tersor report <folder>`: writes report.html for a run or a study, or one page that compares several runs.
 */
export function reportCommand(): Command {
  return new Command('report')
    .description('write report.html for the folder of a compression or of a study, or two runs side by side')
    .argument('<folder...>', 'output folder of `tersor compress` or `tersor study`; several of `compress`')
    .option('--out <file>', 'page that shows several runs side by side (default: compared.html)')
    .option('--tensorboard', 'write event files for TensorBoard too, into <folder>/tensorboard')
    .option('--optuna', 'write the trials of a study for optuna-dashboard too, as <folder>/optuna.log')
    .action(async (folders: string[], { out, tensorboard, optuna }: Options) => {
      if (folders.length > 1) {
        if (tensorboard || optuna) throw ofOne(tensorboard ? '--tensorboard' : '--optuna');
        const file = resolve(out ?? 'compared.html');
        await requireFreePage(file, folders);
        await makeFolder(dirname(file));
        await writeComparison(folders, file);
        process.stdout.write(`${out ?? 'compared.html'}\n`);
        return;
      }
      if (out !== undefined)
        throw new TersorError('CONFIG_INVALID', '--out only applies to several runs side by side.', {
          hint: 'The report of one folder is its report.html.',
        });
      const folder = folders[0]!;
      await writeReport(folder);
      process.stdout.write(`${join(folder, 'report.html')}\n`);
      if (optuna) process.stdout.write(`${await writeOptunaJournal(folder)}\n`);
      if (tensorboard) process.stdout.write(`${await writeTensorBoard(folder)}\n`);
    });
}

function ofOne(option: string): TersorError {
  return new TersorError('CONFIG_INVALID', `${option} only applies to a single folder.`, {
    hint: 'Call `tersor report` for each.',
  });
}

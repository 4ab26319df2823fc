import { join } from 'node:path';
import { Command } from 'commander';
import { writeOptunaJournal, writeReport, writeTensorBoard } from '@tersor/study';

/** `tersor report <folder>`: writes report.html for a run or a study. */
export function reportCommand(): Command {
  return new Command('report')
    .description('write report.html for the folder of a compression or of a study')
    .argument('<folder>', 'output folder of `tersor compress` or `tersor study`')
    .option('--tensorboard', 'write event files for TensorBoard too, into <folder>/tensorboard')
    .option('--optuna', 'write the trials of a study for optuna-dashboard too, as <folder>/optuna.log')
    .action(async (folder: string, { tensorboard, optuna }: { tensorboard?: boolean; optuna?: boolean }) => {
      await writeReport(folder);
      process.stdout.write(`${join(folder, 'report.html')}\n`);
      if (optuna) process.stdout.write(`${await writeOptunaJournal(folder)}\n`);
      if (tensorboard) process.stdout.write(`${await writeTensorBoard(folder)}\n`);
    });
}

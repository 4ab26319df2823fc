import { join } from 'node:path';
import { Command } from 'commander';
import { writeReport, writeTensorBoard } from '@tersor/study';

/** `tersor report <folder>`: writes report.html for a run or a study. */
export function reportCommand(): Command {
  return new Command('report')
    .description('write report.html for the folder of a compression or of a study')
    .argument('<folder>', 'output folder of `tersor compress` or `tersor study`')
    .option('--tensorboard', 'write event files for TensorBoard too, into <folder>/tensorboard')
    .action(async (folder: string, { tensorboard }: { tensorboard?: boolean }) => {
      await writeReport(folder);
      process.stdout.write(`${join(folder, 'report.html')}\n`);
      if (tensorboard) process.stdout.write(`${await writeTensorBoard(folder)}\n`);
    });
}

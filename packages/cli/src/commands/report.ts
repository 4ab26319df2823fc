import { join } from 'node:path';
import { Command } from 'commander';
import { writeReport } from '@tersor/study';

/** `tersor report <folder>`: writes report.html for a run or a study. */
export function reportCommand(): Command {
  return new Command('report')
    .description('write report.html for the folder of a compression or of a study')
    .argument('<folder>', 'output folder of `tersor compress` or `tersor study`')
    .action(async (folder: string) => {
      await writeReport(folder);
      process.stdout.write(`${join(folder, 'report.html')}\n`);
    });
}

import { resolve } from 'node:path';
import { Command } from 'commander';
import { TersorError } from '@tersor/core';
import {
  collectStudy,
  folderStore,
  halvingOf,
  readStudy,
  type Study,
  type StudyResults,
} from '@tersor/study';
import { studyTable } from '../tables/study-table.js';

interface Options {
  out?: string;
  json?: boolean;
}

/** `tersor study collect <folder...>`: collects the results of parts that ran as jobs of a cluster. */
export function collectCommand(): Command {
  return new Command('collect')
    .description('gather the results of the jobs of `tersor study run-trial`, and compare the variants')
    .argument('<folder...>', 'the folder that the jobs shared, or their separate folders')
    .option('--out <dir>', 'where the parts are gathered; needed for more than one folder')
    .option('--json', 'print the results as JSON')
    .action(async (folders: string[], { out, json }: Options) => {
      if (folders.length > 1 && out === undefined)
        throw new TersorError(
          'CONFIG_INVALID',
          `There are ${folders.length} folders to collect, but no target folder.`,
          {
            hint: 'Set it with --out.',
          },
        );
      const into = resolve(out ?? folders[0]!);
      const results = await collectStudy({
        from: folders.map((folder) => folderStore(resolve(folder))),
        into: folderStore(into),
        onNotice: (text) => process.stderr.write(`${text}\n`),
      });
      process.stdout.write(
        json
          ? `${JSON.stringify(results, undefined, 2)}\n`
          : `${studyTable(results)}\nThe report is ${into}/report.html\n`,
      );
      requireAll(results, (await readStudy(folderStore(into))).study);
    });
}

/** Throws `TRIALS_FAILED` with the numbers of missing and failed trials. */
function requireAll({ trials }: StudyResults, study: Study): void {
  // In the order of the plan, each trial once even if it belongs to several variants.
  const byId = new Map(trials.map(({ trial, status }) => [trial, status]));
  const open = [...byId.values()].flatMap((status, index) => (status === 'done' ? [] : [{ status, index }]));
  if (open.length === 0) return;
  const indices = open.map(({ index }) => index).join(',');
  throw new TersorError('TRIALS_FAILED', `${open.length} of ${byId.size} trials are missing or failed.`, {
    hint: halvingOf(study)
      ? 'Run them with "tersor study" and --resume: successive halving does not run in parts.'
      : `Run them with "tersor study run-trial" and --index ${indices} (one each, without --of).`,
  });
}

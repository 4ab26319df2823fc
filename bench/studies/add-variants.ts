// Adds variants that came later to the committed results of a study: those whose trials a folder has all of,
// and that the results lack. What was run before stays as it is.
//   npm run tersor -- study run-trial examples/studies/agents.yaml --index 6     # and so on: see --dry-run
//   node --conditions=tersor/source --import tsx bench/studies/add-variants.ts out/studies/agents \
//     examples/studies/results/agents [COMMIT of the run]
// Then bench/studies/recompute.ts draws the report anew. The commit of the run stands in STUDY.study.json.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  folderStore,
  gatherResults,
  summarizeStudy,
  type StudyRecord,
  type StudyResults,
} from '@tersor/study';

/** A committed record, and where variants that were added to it come from. */
interface CommittedRecord extends StudyRecord {
  readonly added?: readonly {
    readonly variants: readonly string[];
    readonly commit: string;
    readonly versions: unknown;
    readonly machine: unknown;
  }[];
}

async function main(): Promise<void> {
  const [folder, results, commit = 'HEAD'] = process.argv.slice(2);
  if (folder === undefined || results === undefined)
    throw new Error('Give the folder of the run, and the committed results without their ending.');
  const run = await gatherResults(folderStore(folder));
  const record = readJson<CommittedRecord>(`${results}.study.json`);
  const { trials } = readJson<StudyResults>(`${results}.json`);
  const isNew = (name: string) =>
    !record.variants.some((variant) => variant.name === name) &&
    run.results.trials.every(({ variant, status }) => variant !== name || status === 'done');
  const variants = run.record.variants.filter(({ name }) => isNew(name));
  if (variants.length === 0) throw new Error(`${folder} has no new variant with all of its trials done.`);
  const names = variants.map(({ name }) => name);
  const isAdded = ({ variant }: { readonly variant: string }) => names.includes(variant);
  const grid = Object.fromEntries(
    Object.entries(record.study.grid).map(([factor, levels]) => {
      const added = Object.entries(run.record.study.grid[factor] ?? {}).filter(([level]) =>
        variants.some(({ labels }) => labels[factor] === level),
      );
      return [factor, { ...levels, ...Object.fromEntries(added) }];
    }),
  );
  const next: CommittedRecord = {
    ...record,
    study: { ...record.study, grid: grid as StudyRecord['study']['grid'] },
    variants: [...record.variants, ...variants],
    cells: [...record.cells, ...run.record.cells.filter(isAdded)],
    added: [
      ...(record.added ?? []),
      {
        variants: names,
        commit: execFileSync('git', ['rev-parse', '--short=8', commit], { encoding: 'utf8' }).trim(),
        versions: run.record.versions,
        machine: run.record.machine,
      },
    ],
  };
  writeJson(`${results}.study.json`, next);
  writeJson(`${results}.json`, summarizeStudy(next, [...trials, ...run.results.trials.filter(isAdded)]));
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

void main();

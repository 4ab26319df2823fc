// Adds variants that were run later to the committed results of a study: trials that the committed ones lack
// come from the folder of a study with the same base config and settings; those that are there stay.
//   node --conditions=tersor/source --import tsx bench/studies/add-variants.ts \
//     out/studies/new-agents examples/studies/results/agents
// Then bench/studies/recompute.ts writes the report anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { summarizeStudy, type StudyRecord, type StudyResults } from '@tersor/study';

const [folder, committed] = process.argv.slice(2) as [string, string];
const readJson = <T>(path: string) => JSON.parse(readFileSync(path, 'utf8')) as T;
const writeJson = (path: string, value: unknown) =>
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);

const [record, added] = [`${committed}.study.json`, join(folder, 'study.json')].map((path) =>
  readJson<StudyRecord>(path),
) as [StudyRecord, StudyRecord];
const [results, more] = [`${committed}.json`, join(folder, 'results.json')].map((path) =>
  readJson<StudyResults>(path),
) as [StudyResults, StudyResults];
if (!isDeepStrictEqual(record.study.seeds, added.study.seeds)) throw new Error('The seeds are not the same.');
const known = new Set(record.variants.map(({ name }) => name));
const variants = added.variants.filter(({ name }) => !known.has(name));
const names = new Set(variants.map(({ name }) => name));
const [key] = Object.keys(record.study.grid) as [string];
const grown: StudyRecord = {
  ...record,
  study: {
    ...record.study,
    grid: { ...record.study.grid, [key]: { ...record.study.grid[key], ...added.study.grid[key] } },
  },
  variants: [...record.variants, ...variants],
  cells: [...record.cells, ...added.cells.filter(({ variant }) => names.has(variant))],
};
const trials = [...results.trials, ...more.trials.filter(({ variant }) => names.has(variant))];
writeJson(`${committed}.study.json`, grown);
writeJson(`${committed}.json`, summarizeStudy(grown, trials));

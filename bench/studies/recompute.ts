// Computes the statistics of committed results anew, and the reports in docs/public/studies:
//   node --conditions=tersor/source --import tsx bench/studies/recompute.ts
// Their trials are from before which images a network has right was kept, so the error of the images is
// binomial (docs/guide/comparing.md). A study that is run again has it all in its own folder.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  studyReport,
  summarizeStudy,
  type StudyRecord,
  type StudyResults,
  type TrialRow,
} from '@tersor/study';

const root = join(import.meta.dirname, '../..');
/** Test images that the accuracies are shares of. */
const TEST_IMAGES = {
  'examples/studies/results': {
    activations: 1000,
    agents: 1000,
    backends: 1000,
    'bit-widths': 1000,
    pruners: 1000,
    quantizers: 1000,
    reconstruction: 1000,
    resnet20: 1000,
    rewards: 1000,
    'uniform-bits': 1000,
  },
  'bench/paper/results': {
    'mobilenet-bits': 400,
    'mobilenet-low-bits': 400,
    'mobilenet-uniform-bits': 400,
    'vgg19-agents': 10_000,
    'vgg19-bytes': 10_000,
  },
};
/** Studies that compare within each limit. */
const WITHIN: Readonly<Record<string, Partial<StudyRecord['study']>>> = {
  'bit-widths': { baseline: { agent: 'uniform' }, facet: 'limit' },
  'mobilenet-low-bits': { baseline: { agent: 'uniform' }, facet: 'limit' },
};

for (const [folder, studies] of Object.entries(TEST_IMAGES)) {
  for (const [name, testImages] of Object.entries(studies)) {
    const path = (ending: string) => join(root, folder, `${name}.${ending}`);
    const before = readJson<StudyRecord>(path('study.json'));
    const record = { ...before, study: { ...before.study, ...WITHIN[name] } };
    const trials = readJson<StudyResults>(path('json')).trials.map(
      (row): TrialRow => ({ ...row, testImages }),
    );
    const results = summarizeStudy(record, trials);
    writeJson(path('study.json'), record);
    writeJson(path('json'), results);
    const report = join(root, 'docs/public/studies', `${name}.html`);
    if (existsSync(report))
      writeFileSync(
        report,
        withCurves(
          studyReport({ record, results, original: undefined, episodes: new Map() }),
          readFileSync(report, 'utf8'),
        ),
      );
  }
}

/**
 * The curves of learning and the tile of the original network stay those of the report before: the results
 * have no episodes.
 */
function withCurves(page: string, before: string): string {
  const curves = before.match(/<figure id="learning-.*?<\/figure>/gs) ?? [];
  const tile = before.match(/<li><b>[^<]*<\/b>test accuracy of the original[^<]*<\/li>/)?.[0] ?? '';
  return page
    .replace(/(<h2 id="search">[^\n]*\n)/, (heading) => heading + curves.join(''))
    .replace('</ul>', () => `${tile}</ul>`);
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

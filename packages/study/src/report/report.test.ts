import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compressConfigSchema, parseConfig } from '@tersor/core';
import { episodes, layers, summaryOf } from '../../test/fixtures.js';
import { folderPlace } from '../results/folder-place.js';
import { readRun } from '../results/read-run.js';
import { compareReport } from './compare-report.js';
import { writeReport, writeRunReport } from './write-reports.js';
import { modelName, runReport } from './run-report.js';
import { bestSoFar } from './search-charts.js';

const config = parseConfig(
  {
    model: '../<vgg>/model.json',
    dataset: 'cifar10',
    prune: { agent: 'ddpg', budget: { macs: 0.5 } },
    quantize: { agent: 'ddpg', budget: { bytes: 0.1 } },
  },
  compressConfigSchema,
);
const run = { summary: summaryOf(config), layers: layers(), episodes: episodes(1) };

describe('the report of a run', () => {
  const html = runReport(run);

  it('loads nothing from anywhere', () => {
    expect(html).toContain("default-src 'none'");
    expect(html.replaceAll('http://www.w3.org/', '')).not.toMatch(/https?:|src=|@import|url\((?!#)/);
  });

  it('gives every chart a name, a description and its numbers as a table', () => {
    const figures = html.split('<figure').slice(1);
    expect(figures.map((figure) => /id="([^"]*)"/.exec(figure)![1])).toEqual([
      'stages-bytes',
      'stages-macs',
      'reward-prune',
      'reward-quantize',
      'candidates-prune',
      'candidates-quantize',
      'layers-kept',
      'layers-bits',
      'layers-macs',
      'layers-bytes',
    ]);
    for (const figure of figures) {
      expect(
        figure.match(
          /<svg[^>]* role="img" aria-labelledby="\S+-title \S+-desc"><title id="[^"]+">[^<]+<\/title><desc/g,
        ),
      ).toHaveLength(2);
      expect(figure).toMatch(/<table[\s\S]*<caption>/);
      expect(figure).toContain('data-tip=');
    }
  });

  it('marks the original and the chosen episode on the candidate charts', () => {
    const prune = run.episodes.filter(({ stage }) => stage === 'prune');
    const winner = prune.reduce((best, line) => (line.reward > best.reward ? line : best));
    const figure = html.slice(
      html.indexOf('id="candidates-prune"'),
      html.indexOf('id="candidates-quantize"'),
    );
    expect(figure).toContain(`Chosen: episode ${winner.episode}.`);
    expect(figure).toContain('The original has 84.50% at 8,000,000.');
    expect(figure).toContain('data-tip="Original: accuracy 84.50%');
  });

  it('shows how much each stage removes', () => {
    expect(html).toContain(
      'From 600,000 to 50,001 bytes on disk: pruning removes 300,000 (50.00%), fewer bits removes 249,999 (41.67%).',
    );
    expect(html).toContain('From 8,000,000 to 4,000,000 multiply-adds: pruning removes 4,000,000 (50.00%).');
  });

  it('does not mention kernel slices if none was pruned', () => {
    // Some became zero because of few bits.
    expect(html).not.toMatch(/slice/);
    const { pruned } = run.summary;
    const sliced = { ...run.summary, pruned: { ...pruned, macsWithoutZeroSlices: pruned.macs - 1 } };
    expect(runReport({ ...run, summary: sliced })).toMatch(/kernel slices/);
  });

  it('shows the predicted latency if there is a latency table', () => {
    expect(html).not.toContain('faster');
    const { baseline, compressed } = run.summary;
    const timed = {
      ...run.summary,
      baseline: { ...baseline, latency: 4 },
      compressed: { ...compressed, latency: 1.6 },
    };
    expect(runReport({ ...run, summary: timed })).toContain(
      '<b>2.50× faster</b>predicted for one image 4.00 ms',
    );
  });

  it('uses every id once', () => {
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('shows names with special characters as they are', () => {
    expect(html).not.toMatch(/<vgg>|<a&b>/);
    expect(html).toContain('&#60;vgg&#62;');
  });

  it('takes its colours from the page, so that it follows light and dark', () => {
    const drawings =
      html
        .slice(html.indexOf('<main>'))
        .match(/(?:fill|stroke)="(?!none|var\(|#000"><\/path>\s*<\/clipPath)[^"]*"/g) ?? [];
    expect(drawings).toEqual([]);
  });

  it('names the best reward in words', () => {
    const best = Math.max(...run.episodes.map(({ reward }) => reward));
    expect(html).toContain(`with ${best.toFixed(4)}.`);
  });

  it('restarts the best reward with every round of pruning', () => {
    const first = run.episodes
      .filter(({ stage }) => stage === 'prune')
      .map((line) => ({ ...line, round: 1 }));
    const second = first.map((line, i) => ({
      ...line,
      round: 2,
      episode: first.length + line.episode,
      reward: i === 1 ? 0.25 : 0.125,
    }));
    const rounds = runReport({ ...run, episodes: [...first, ...second] });
    expect(rounds).toContain(`the best of the last of 2 rounds is episode ${first.length + 2} with 0.2500.`);
  });

  it('is the same for the same run', () => expect(runReport(run)).toBe(html));

  it('says which accuracy is simulated, and shows bit operations, for rounded activations', () => {
    expect(html).not.toMatch(/simulated|bit operations|input bits/);
    const { summary, layers } = run;
    const rounded = runReport({
      ...run,
      summary: {
        ...summary,
        compressed: { ...summary.compressed, bops: 123456 },
        activations: { simulated: true, floatAccuracy: { test: 0.1234, validation: 0.2345 } },
      },
      layers: layers.map((layer) => ({ ...layer, activationBits: 6 })),
    });
    for (const text of [
      'quantized, activations simulated',
      'quantized, float activations',
      '12.34%',
      '123,456',
      'input bits',
    ])
      expect(rounded).toContain(text);
  });

  it('shows the peak memory of the run if it was recorded', () => {
    expect(html).toContain('401 MiB');
    const { peakResidentBytes: _peak, ...old } = run.summary;
    expect(runReport({ ...run, summary: old })).not.toMatch(/MiB|peak memory/);
  });

  it('is complete without layers, episodes and one of the stages', () => {
    const { quantize: _quantize, ...pruneOnly } = run.summary.search;
    expect(runReport({ summary: { ...run.summary, search: pruneOnly }, layers: [], episodes: [] })).toContain(
      'no layers.json',
    );
  });
});

describe('a run on disk', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'tersor-report-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('is reported, without a line of episodes.jsonl that is cut off', async () => {
    await writeFile(join(folder, 'summary.json'), JSON.stringify(run.summary));
    await writeFile(
      join(folder, 'episodes.jsonl'),
      `${run.episodes.map((line) => JSON.stringify(line)).join('\n')}\n{"stage":"pr`,
    );
    expect((await readRun(folderPlace(folder), folder)).episodes).toHaveLength(run.episodes.length);
    await writeRunReport(folder);
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain('<!doctype html>');
  });

  it('must be whole', async () => {
    await writeFile(join(folder, 'summary.json'), '{"baseline": {');
    await expect(writeReport(folder)).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      message: expect.stringMatching(/^The summary\.json in .* is not whole/),
    });
  });

  it('must be finished', async () => {
    await expect(writeReport(folder)).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      message: expect.stringContaining(folder),
    });
  });
});

it('keeps the best reward so far', () => expect(bestSoFar([1, 3, 2, 5, 4])).toEqual([1, 3, 3, 5, 5]));

it.each([
  ['./vgg-small/model/model.json', 'out', 'vgg-small'],
  ['./model/model.json', 'out/vgg-small', 'vgg-small'],
  ['models/tiny.json', 'out', 'tiny'],
  ['model.json', '.', 'model.json'],
])('calls the model %s with output %s: %s', (path, output, name) =>
  expect(modelName(path, output)).toBe(name),
);

describe('two runs side by side', () => {
  const other = { ...run, summary: summaryOf({ ...config, seed: 2 }), episodes: episodes(2).slice(0, 9) };
  const html = compareReport([
    { name: 'first', run },
    { name: 'second', run: other },
  ]);

  it('have their results, searches, layers and what differs in one page that loads nothing', () => {
    expect(html).toContain("default-src 'none'");
    const figures = [...html.matchAll(/<figure id="([^"]*)"/g)].map(([, id]) => id);
    expect(figures).toEqual([
      'search-prune',
      'search-quantize',
      'candidates-prune',
      'candidates-quantize',
      'layers-channels',
      'layers-bits',
    ]);
    expect(html).toMatch(/test accuracy<\/th><td[^>]*>85\.00%<\/td><td[^>]*>81\.00%<\/td><td[^>]*>82\.00%/);
    expect(html).toMatch(/seed<\/th><td>1<\/td><td>2</);
    expect(html).not.toContain('different networks');
  });

  it('carry a warning if they started from different networks', () => {
    const { baseline } = other.summary;
    const foreign = { ...other, summary: { ...other.summary, baseline: { ...baseline, macs: 5 } } };
    const text = compareReport([
      { name: 'a', run },
      { name: 'b', run: foreign },
    ]);
    expect(text).toContain('The runs started from different networks');
  });
});

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { check, limitContract } from '@tersor/testing';
import { loadPlugin, type LimitFactory } from '@tersor/core';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const ENERGY = join(__dirname, 'energy-limit.cjs');

describe("a limit of somebody else's, from a file of its own", () => {
  let project: TinyProject;
  beforeAll(async () => {
    project = await createTinyProject();
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  const compress = (out: string, ...set: string[]) =>
    tersor(
      'compress',
      project.config,
      '--quiet',
      '--out',
      join(project.folder, out),
      ...set.flatMap((each) => ['--set', each]),
    );
  const energy = (millijoules: number) => `{ use: '${ENERGY}', millijoules: ${millijoules} }`;

  it('keeps the contract', async () => {
    const { plugin } = await loadPlugin('limit', ENERGY, [__dirname]);
    const make = () => plugin.create({ millijoules: 1 }, {} as never) as LimitFactory;
    expect(await check(limitContract(make))).toEqual([]);
  });

  it('is kept by every candidate of both stages, beside other limits, and measured', async () => {
    // The network has 2,122 weights; 1,000 of them at 2 to 8 bits take 0.002 to 0.008 mJ.
    const { code, err } = await compress(
      'energy',
      `prune.budget={ macs: 0.9, energy: ${energy(1)} }`,
      `quantize.budget.energy=${energy(0.004)}`,
      'prune.agent=random',
      'prune.search={ episodes: 4, warmStart: [uniform, magnitude] }',
      'quantize.agent=random',
      'quantize.search={ episodes: 4, warmStart: [uniform, magnitude] }',
    );
    expect({ code, err }).toEqual({ code: 0, err: expect.any(String) });
    const lines = (await readFile(join(project.folder, 'energy/episodes.jsonl'), 'utf8')).trim().split('\n');
    const episodes = lines.map((line) => JSON.parse(line) as { stage: string; measures: { energy: number } });
    expect(episodes).toHaveLength(8);
    for (const { stage, measures } of episodes) {
      expect(measures.energy).toBeGreaterThan(0);
      expect(measures.energy).toBeLessThanOrEqual(stage === 'prune' ? 1 : 0.004);
    }
    const summary = JSON.parse(await readFile(join(project.folder, 'energy/summary.json'), 'utf8')) as {
      baseline: { energy: number; parameters: number };
      pruned: { energy: number };
    };
    expect(summary.baseline.energy).toBeCloseTo(2.122, 9);
    expect(summary.pruned.energy).toBeLessThanOrEqual(1);
  });

  it.each([
    [
      'that cannot be kept',
      `prune.budget={ energy: ${energy(0.001)} }`,
      'prune.budget.energy is 0.001 mJ, but',
    ],
    [
      'whose options are wrong',
      `prune.budget={ energy: { use: '${ENERGY}' } }`,
      'prune.budget.energy (limit',
    ],
    [
      'whose plugin is not there',
      'prune.budget={ energy: { use: ./nowhere.cjs } }',
      'There is no limit "./nowhere.cjs". Available: ',
    ],
    ['that names no plugin', 'prune.budget={ energy: { joules: 3 } }', 'so it needs "use"'],
    ['with a typing error', 'prune.budget={ mac: 0.5 }', 'did you mean "macs"?'],
    [
      'that is called as a measure is',
      `prune.budget={ accuracy: ${energy(1)} }`,
      'prune.budget.accuracy: is what',
    ],
    [
      'of the other stage',
      'prune.budget={ size: { use: bytes, value: 0.5 } }',
      'the limit "bytes" does not apply to the stage "prune"',
    ],
    ['that is none', 'prune.budget={}', 'needs macs, parameters, latency, or a limit of a plugin'],
  ])('refuses one %s', async (_, set, message) => {
    const { code, err } = await compress('refused', set);
    expect(err).toContain(message);
    expect(code).toBe(1);
  });
});

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Summary } from '@tersor/compression';
import type { LatencyTable } from '@tersor/core';
import { createTinyProject, type TinyProject } from './tiny-project.js';
import { run } from '../src/run.js';

describe('tersor profile', () => {
  let project: TinyProject;
  let table: string;
  let written: { out: string; err: string };
  beforeAll(async () => {
    project = await createTinyProject();
    table = join(project.folder, 'latency.json');
  });
  beforeEach(() => {
    written = { out: '', err: '' };
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((written.out += String(text)), true));
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((written.err += String(text)), true));
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => rm(project.folder, { recursive: true, force: true }));
  const profile = (...more: string[]) =>
    run([
      'node',
      'tersor',
      'profile',
      project.model,
      '--out',
      table,
      '--counts',
      '2',
      '--images',
      '2',
      '--repeats',
      '1',
      '--checks',
      '1',
      ...more,
    ]);
  const compress = (out: string, ...values: string[]) =>
    run([
      'node',
      'tersor',
      'compress',
      project.config,
      '--out',
      join(project.folder, out),
      '--quiet',
      ...values.flatMap((value) => ['--set', value]),
    ]);
  const read = async <T>(path: string) => JSON.parse(await readFile(path, 'utf8')) as T;

  it('writes a table with the error of its predictions, and shows it again without measuring', async () => {
    expect({ code: await profile(), err: written.err }).toMatchObject({ code: 0 });
    const { layers, check, backend, versions } = await read<LatencyTable>(table);
    expect(layers.map(({ layer, inputs, outputs }) => [layer, inputs, outputs])).toEqual([
      ['conv1', [3], [1, 4, 8]],
      ['conv2', [1, 4, 8], [1, 4, 8]],
      ['classifier', [1, 64, 128], [10]],
    ]);
    expect(check.map(({ network }) => network)).toEqual(['original', 'random 1']);
    expect({ backend, node: versions['node'] }).toEqual({ backend: 'wasm', node: process.version });
    expect(written.out).toMatch(/original .* 24,320 /);
    const before = await readFile(table, 'utf8');
    expect(await profile()).toBe(0);
    expect(written.out).toContain('measured before');
    expect(await readFile(table, 'utf8')).toBe(before);
    expect(written.err).not.toContain('note:');
    await writeFile(
      table,
      JSON.stringify({ ...JSON.parse(before), versions: { ...versions, '@tersor/backend-wasm': '0.0.1' } }),
    );
    expect(await profile()).toBe(0);
    expect(written.err).toMatch(
      /note: The table was measured with @tersor\/backend-wasm 0\.0\.1, and this is \d.*--fresh measures again/,
    );
    await writeFile(table, before);
  });

  it('holds a search to a share of what the table predicts, and puts predictions into the results', async () => {
    const measured = await read<LatencyTable>(table);
    // Known times instead of measured ones: what a busy machine measures may not shrink with the channels.
    const layers = measured.layers.map((layer) => ({
      ...layer,
      milliseconds: layer.inputs.map((input) => layer.outputs.map((output) => (input * output) / 100)),
    }));
    await writeFile(table, JSON.stringify({ ...measured, transfer: 0, layers }));
    const settings = [
      'prune.agent=random',
      'prune.search={ episodes: 3 }',
      'prune.finetune.epochs=0',
      'quantize.agent=uniform',
      'quantize.search={ episodes: 1 }',
      'quantize.finetune.epochs=0',
    ];
    expect({
      code: await compress('timed', ...settings, 'prune.budget={latency: {table: latency.json, share: 0.5}}'),
      err: written.err,
    }).toMatchObject({ code: 0 });
    const { baseline, pruned, compressed } = await read<Summary>(join(project.folder, 'timed/summary.json'));
    expect(baseline.latency).toBeCloseTo((3 * 8 + 8 * 8 + 128 * 10) / 100, 9);
    expect(pruned.latency).toBeLessThanOrEqual(0.5 * baseline.latency!);
    expect(compressed.latency).toBe(pruned.latency);
    const lines = (await readFile(join(project.folder, 'timed/episodes.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { stage: string; measures: { latency?: number } });
    for (const { measures } of lines.filter(({ stage }) => stage === 'prune'))
      expect(measures.latency).toBeLessThanOrEqual(0.5 * baseline.latency!);
  });

  it.each([
    [
      'a limit that cannot be reached',
      '{latency: {table: latency.json, milliseconds: 0.01}}',
      /prune\.budget\.latency is 0\.01 ms, .* still predicted to take .* ms\. \[BUDGET_INFEASIBLE\]/,
    ],
    [
      'a table that is not there',
      '{latency: {table: none.json, share: 0.5}}',
      /none\.json does not exist\. \[LATENCY_TABLE_INVALID\]\n {2}Make one with: tersor profile/,
    ],
    [
      'two limits in one',
      '{latency: {table: latency.json, share: 0.5, milliseconds: 2}}',
      /"milliseconds" or "share", not both.*\[CONFIG_INVALID\]/,
    ],
  ])('refuses %s', async (_, budget, message) => {
    expect(await compress('refused', `prune.budget=${budget}`)).toBe(1);
    expect(written.err).toMatch(message);
  });

  it('refuses a table of another backend', async () => {
    await writeFile(table, JSON.stringify({ ...(await read<LatencyTable>(table)), backend: 'node' }));
    expect(await compress('refused', 'prune.budget={latency: {table: latency.json, share: 0.5}}')).toBe(1);
    expect(written.err).toMatch(
      /was measured on the backend "node", but this runs on "wasm"\. \[LATENCY_TABLE_INVALID\]/,
    );
  });
});

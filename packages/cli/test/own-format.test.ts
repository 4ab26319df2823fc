import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readNetwork } from '@tersor/network';
import { check, formatContract } from '@tersor/testing';
import { loadPlugin, type Format } from '@tersor/core';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const PLUGIN = join(__dirname, 'own-format/format.cjs');

describe('a compression of the same network in three formats', () => {
  let project: TinyProject;
  let format: Format;
  beforeAll(async () => {
    project = await createTinyProject();
    const { plugin } = await loadPlugin('format', PLUGIN, [__dirname]);
    format = (await plugin.create({}, {} as never)) as Format;
    await format.write!(await readNetwork(project.model), project.folder);
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  const compress = async (out: string, ...flags: string[]) => {
    const folder = join(project.folder, out);
    const result = await tersor('compress', project.config, '--quiet', '--out', folder, ...flags);
    expect([result.code, result.err]).toEqual([0, expect.any(String)]);
    return JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8'));
  };

  it('keeps the contract', async () => expect(await check(formatContract(() => format))).toEqual([]));

  it("gives the same policy from a plugin's file, whose bytes are the baseline, and its version is told", async () => {
    await compress('layers-model', '--set', 'quantize.budget.bytes=3000');
    const source = `{ use: '${PLUGIN}', path: net.own }`;
    const summary = await compress('own', '--set', `model=${source}`, '--set', 'quantize.budget.bytes=3000');
    const policy = (out: string) => readFile(join(project.folder, out, 'policy.json'), 'utf8');
    expect(await policy('own')).toBe(await policy('layers-model'));
    expect(summary.baseline.bytes).toBe((await readFile(join(project.folder, 'net.own'))).length);
    expect(summary.identity.plugins['format/model']).toContain('format.cjs#own');
  });

  it('goes on from a .tersor file, and never writes over it', async () => {
    const packed = 'layers-model/model.tersor';
    const set = ['--set', `model=${packed}`, '--set', 'quantize.budget.bytes=2900'];
    const summary = await compress('packed', ...set);
    expect(summary.baseline.bytes).toBe((await readFile(join(project.folder, packed))).length);
    const over = await tersor(
      'compress',
      project.config,
      '--quiet',
      '--out',
      join(project.folder, 'layers-model'),
      ...set,
    );
    expect([over.code, over.err]).toEqual([1, expect.stringContaining('CONFIG_INVALID')]);
  });

  it('is what a model is exported to, and comes back from to the bit', async () => {
    const at = (name: string) => join(project.folder, name);
    const there = await tersor('export', project.model, '--to', PLUGIN, '--out', at('exported'));
    expect({ code: there.code, out: there.out }).toEqual({
      code: 0,
      out: expect.stringContaining(join('exported', 'net.own')),
    });
    const file = at('exported/net.own');
    const back = await tersor('export', file, '--format', PLUGIN, '--out', at('back'), '--json');
    expect(back.code).toBe(0);
    expect(JSON.parse(back.out)).toMatchObject({ to: 'layers-model', path: at('back/model.json') });
    expect(await readFile(at('back/weights.bin'))).toEqual(await readFile(at('model/weights.bin')));
    const again = await tersor('export', project.model, '--to', PLUGIN, '--out', at('exported'));
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('net.own would be replaced')]);
    const option = await tersor('export', project.model, '--to-option', 'kernel=uint8', '--out', at('no'));
    expect([option.code, option.err]).toEqual([1, expect.stringContaining('did you mean "kernels"')]);
  });

  it('inspects a file whose format is named, and says which formats there are where none fits', async () => {
    const model = join(project.folder, 'net.own');
    const { code, out } = await tersor('inspect', model, '--format', PLUGIN);
    expect([code, out]).toEqual([0, expect.stringContaining('classifier')]);
    const refused = await tersor('inspect', join(project.folder, 'data/test_batch.bin'));
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('layers-model')]);
  });
});

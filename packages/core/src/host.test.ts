import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createHost, type Slot } from './host.js';
import { definePlugin, type Plugin } from './plugin.js';
import { TOKENS } from './tokens.js';

const rewardPlugin = (id: string, extra: Partial<Plugin<'reward', { power: number }>> = {}) =>
  definePlugin<'reward', { power: number }>({
    name: `tersor-reward-${id}`,
    kind: 'reward',
    id,
    core: '>=0.1.0 <1.0.0',
    description: 'accuracy to a power',
    options: z.strictObject({ power: z.number().default(2) }),
    create: ({ power }) => ({ id, evaluate: ({ accuracy }) => accuracy ** power }),
    ...extra,
  }) as Plugin;

const slot = (use: string, options = {}): Slot => ({ kind: 'reward', name: 'prune', path: 'prune.reward', use, options });
const measures = { accuracy: 0.5, macs: 1, parameters: 1, bytes: 1, baseline: { accuracy: 1, macs: 1, parameters: 1, bytes: 1 } };

describe('createHost', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-host-'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ dependencies: { 'tersor-reward-cube': '1', 'tersor-reward-broken': '1' } }));
    const files: Record<string, string> = {
      'node_modules/tersor-reward-cube/package.json': JSON.stringify({ name: 'tersor-reward-cube', version: '1.0.0', main: 'index.js' }),
      'node_modules/tersor-reward-cube/index.js': pluginSource('cube', '>=0.1.0 <1.0.0'),
      'node_modules/tersor-reward-broken/package.json': JSON.stringify({ name: 'tersor-reward-broken', version: '1.0.0', main: 'index.js' }),
      'node_modules/tersor-reward-broken/index.js': 'throw new Error("boom");',
      'old.js': pluginSource('old', '>=7.0.0'),
      'not-a-plugin.js': 'module.exports = { hello: 1 };',
    };
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(folder, name, '..'), { recursive: true });
      await writeFile(join(folder, name), text);
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  const make = (slots: Slot[], builtins: Plugin[] = []) => createHost({ slots, builtins, directory: folder, seed: 1 });

  it('makes what a slot names, with validated options and defaults', async () => {
    const host = await make([slot('square')], [rewardPlugin('square')]);
    const reward = await host.get(TOKENS.reward, 'prune');
    expect(reward.evaluate(measures)).toBe(0.25);
    expect(await host.get(TOKENS.reward, 'prune')).toBe(reward);
    expect(host.wired).toEqual([{ kind: 'reward', slot: 'prune', id: 'square', source: 'tersor-reward-square' }]);
  });

  it('finds a third-party package from the user project by its naming rule', async () => {
    const host = await make([slot('cube')]);
    expect((await host.get(TOKENS.reward, 'prune')).evaluate(measures)).toBe(0.125);
  });

  it('lists what is available for an unknown name', async () => {
    await expect(make([slot('nope')], [rewardPlugin('square')])).rejects.toMatchObject({ code: 'PLUGIN_NOT_FOUND', message: 'There is no reward "nope". Available: cube, square.' });
  });

  it('names the option that is wrong and the known ones', async () => {
    await expect(make([slot('square', { powr: 3 })], [rewardPlugin('square')])).rejects.toMatchObject({
      code: 'PLUGIN_OPTIONS_INVALID',
      message: expect.stringContaining('"powr" at the top level; did you mean "power"?'),
    });
  });

  it('refuses a plugin for another core', async () => {
    await expect(make([slot('./old.js')])).rejects.toMatchObject({ code: 'PLUGIN_CORE_MISMATCH', message: expect.stringContaining('>=7.0.0') });
  });

  it('refuses a module that is no plugin', async () => {
    await expect(make([slot('./not-a-plugin.js')])).rejects.toMatchObject({ code: 'PLUGIN_INVALID', message: expect.stringContaining('./not-a-plugin.js') });
  });

  it('reports a plugin that throws at import', async () => {
    await expect(make([slot('tersor-reward-broken')])).rejects.toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringContaining('boom') });
  });

  it('reports a plugin that throws when it is created', async () => {
    const bad = rewardPlugin('bad', { create: () => { throw new Error('no luck'); } });
    const host = await make([slot('bad')], [bad]);
    await expect(host.get(TOKENS.reward, 'prune')).rejects.toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringContaining('no luck') });
  });

  it('refuses two plugins of one kind and id', async () => {
    await expect(make([], [rewardPlugin('square'), rewardPlugin('square')])).rejects.toMatchObject({ code: 'PLUGIN_DUPLICATE' });
  });

  it('disposes what it made, newest first, and only that', async () => {
    const disposed: string[] = [];
    const disposable = (id: string) => rewardPlugin(id, { create: () => Object.assign({ id, evaluate: () => 0 }, { dispose: () => void disposed.push(id) }) });
    const slots = ['a', 'b', 'c'].map((id) => ({ ...slot(id), name: id }));
    const host = await make(slots, [disposable('a'), disposable('b'), disposable('c')]);
    await host.get(TOKENS.reward, 'a');
    await host.get(TOKENS.reward, 'b');
    await host.dispose();
    expect(disposed).toEqual(['b', 'a']);
  });
});

/** A plugin without imports: a folder outside of the repository has no zod to load. */
function pluginSource(id: string, core: string): string {
  return `module.exports = { tersorPlugin: 1, name: 'tersor-reward-${id}', kind: 'reward', id: '${id}', core: '${core}', description: '',
    options: { safeParse: (data) => ({ success: true, data }) }, create: () => ({ id: '${id}', evaluate: ({ accuracy }) => accuracy ** 3 }) };`;
}

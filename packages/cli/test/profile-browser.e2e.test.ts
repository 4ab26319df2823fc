import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Summary } from '@tersor/compression';
import type { LatencyTable } from '@tersor/core';
import { CHROMIUM, describeInChromium } from './chromium.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';
import { run } from '../src/run.js';

const root = join(__dirname, '../../..');

describeInChromium('tersor profile --browser', () => {
  let project: TinyProject;
  let written: { out: string; err: string };
  beforeAll(async () => {
    // What the build leaves for the page.
    execFileSync(process.execPath, [join(root, 'tools/runtime-bundles.mjs'), 'packages/runtime/dist/esm'], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    project = await createTinyProject();
  });
  beforeEach(() => {
    written = { out: '', err: '' };
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((written.out += String(text)), true));
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((written.err += String(text)), true));
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => project && rm(project.folder, { recursive: true, force: true }));

  const path = (name: string) => join(project.folder, name);
  const read = async <T>(name: string) => JSON.parse(await readFile(path(name), 'utf8')) as T;
  const profile = (out: string, ...more: string[]) => {
    const options = ['--counts', '1', '--repeats', '3', '--checks', '1', ...more];
    return run(['node', 'tersor', 'profile', project.model, '--out', path(out), ...options]);
  };
  const inBrowser = (out: string, ...more: string[]) =>
    profile(out, '--browser', '--browser-path', CHROMIUM!, ...more);

  it('times every layer in a page on wasm, and a run with that budget measures its result there', async () => {
    expect({ code: await inBrowser('wasm.json'), err: written.err }).toEqual({
      code: 0,
      err: expect.stringContaining('done'),
    });
    const table = await read<LatencyTable>('wasm.json');
    const { version, userAgent } = table.browser!;
    expect(table).toMatchObject({
      backend: 'wasm',
      images: 1,
      browser: { name: 'Chromium', threads: 1 },
      versions: { chromium: version },
    });
    expect(table.browser!.adapter).toBeUndefined();
    expect(userAgent).toContain('Chrome/');
    expect(table.layers.map(({ layer, inputs, outputs }) => [layer, inputs, outputs])).toEqual([
      ['conv1', [3], [1, 8]],
      ['conv2', [1, 8], [1, 8]],
      ['classifier', [1, 128], [10]],
    ]);
    expect(table.check.map(({ network }) => network)).toEqual(['original', 'random 1']);
    expect(table.check.every(({ measured }) => measured > 0)).toBe(true);
    expect(written.out).toMatch(/wasm in Chromium [\d.]+ \(1 thread\)/);

    // Shown again without a browser; and a browser's table is not one of this process.
    expect(await inBrowser('wasm.json')).toBe(0);
    expect(written.out).toContain('measured before');
    expect(await profile('wasm.json')).toBe(1);
    expect(written.err).toMatch(/in Chromium [\d.]+, but what is asked for is one outside of a browser\./);

    // Known times: what a busy machine measures may not shrink with the channels.
    const layers = table.layers.map((layer) => ({
      ...layer,
      milliseconds: layer.inputs.map((input) => layer.outputs.map((output) => (input * output) / 100)),
    }));
    await writeFile(path('known.json'), JSON.stringify({ ...table, transfer: 0, layers }));
    const settings = [
      'prune.budget={latency: {table: known.json, share: 0.6}}',
      'prune.agent=random',
      'prune.search={ episodes: 2 }',
      'prune.finetune.epochs=0',
      'quantize.agent=uniform',
      'quantize.search={ episodes: 1 }',
      'quantize.finetune.epochs=0',
    ];
    process.env['TERSOR_BROWSER'] = CHROMIUM!;
    try {
      const sets = settings.flatMap((value) => ['--set', value]);
      const out = ['--out', path('timed'), '--quiet'];
      expect({
        code: await run(['node', 'tersor', 'compress', project.config, ...out, ...sets]),
        err: written.err,
      }).toMatchObject({ code: 0 });
    } finally {
      delete process.env['TERSOR_BROWSER'];
    }
    const { measuredLatency, baseline, pruned, notices } = await read<Summary>('timed/summary.json');
    expect(pruned.latency).toBeLessThanOrEqual(0.6 * baseline.latency!);
    expect(measuredLatency).toMatchObject({ backend: 'wasm', images: 1, browser: { version } });
    expect(measuredLatency!.original).toBeGreaterThan(0);
    expect(notices!.some((text) => text.includes('not faster'))).toBe(
      measuredLatency!.compressed >= measuredLatency!.original,
    );
    expect(written.out).toMatch(/measured in turns on wasm in Chromium [\d.]+ \(1 thread\): [\d.e-]+ ms, /);
  });

  it('refuses a software adapter, and measures one that is asked for', async () => {
    expect(await inBrowser('webgl.json', '--backend', 'webgl')).toBe(1);
    expect(written.err).toMatch(/only a software adapter for webgl \(.*SwiftShader.*\[BROWSER_UNAVAILABLE\]/);
    expect(written.err).toContain('--allow-software');
    expect(existsSync(path('webgl.json'))).toBe(false);
    expect(await inBrowser('webgl.json', '--backend', 'webgl', '--allow-software')).toBe(0);
    const { browser, backend } = await read<LatencyTable>('webgl.json');
    expect({ backend, ...browser }).toMatchObject({ backend: 'webgl', software: true });
    expect(browser!.adapter).toMatch(/SwiftShader/);
  });

  it.each([
    [['--threads', '2'], /--threads only applies to measuring in a browser\. \[CONFIG_INVALID\]/],
    [['--browser-path', 'x'], /--browser-path only applies to measuring in a browser\. \[CONFIG_INVALID\]/],
    [['--browser', '--backend', 'node'], /No browser has the backend "node"\. \[CONFIG_INVALID\]/],
    [['--browser', '--browser-path', '/none'], /There is no browser at \/none\. \[BROWSER_UNAVAILABLE\]/],
  ])('refuses %j before anything is measured', async (options, message) => {
    expect(await profile('refused.json', ...options)).toBe(1);
    expect(written.err).toMatch(message);
    expect(existsSync(path('refused.json'))).toBe(false);
  });
});

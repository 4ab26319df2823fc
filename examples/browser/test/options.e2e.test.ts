import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../../..');
const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const missing = existsSync(chromium) ? '' : ` (skipped: no ${chromium})`;
const packed = join(root, 'packages/runtime/test/golden-v1.tersor');

interface Told {
  readonly scores?: readonly number[];
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
}

interface All {
  readonly plain: Told;
  readonly progress: readonly { readonly loaded: number; readonly total: number }[];
  readonly aborted: Told & { readonly tensors: number; readonly closed: number };
  readonly worker: Told & { readonly workers: readonly string[]; readonly left: number };
  readonly ownWorker: readonly Told[];
  readonly backend: Told;
  readonly tabs: { readonly both: readonly Told[]; readonly entries: readonly string[] };
  readonly whole: number;
  readonly cut: Told;
  readonly mended: number;
  readonly hit: Told;
  readonly offline: Told;
  readonly offlineWithout: Told;
  readonly '/no-worker': readonly Told[];
  readonly '/no-wasm': readonly Told[];
}

(missing ? describe.skip : describe)(`the options of loadModel in a headless Chromium${missing}`, () => {
  let told: All;
  beforeAll(() => {
    const script = join(root, 'examples/browser/check-options.mjs');
    const options = { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } } as const;
    told = JSON.parse(execFileSync(process.execPath, [script, packed], options)) as All;
    expect(told.plain.scores).toHaveLength(10);
  });

  it('onProgress: ends with all bytes, of how many there are', () => {
    const { size } = statSync(packed);
    expect(told.progress.at(-1)).toEqual({ loaded: size, total: size });
  });

  it('signal: stops in the middle of a file with its reason, lets go of the connection, and leaves no tensor', () => {
    expect(told.aborted).toEqual({ message: 'enough', tensors: 0, closed: 1 });
  });

  it('worker: decodes in one that is ended afterwards, or in one of the page, again and again', () => {
    expect(told.worker).toEqual({ ...told.plain, workers: ['blob'], left: 0 });
    expect(told.ownWorker).toEqual([told.plain, told.plain]);
  });

  it('worker: says that a Content-Security-Policy refused it, and what the policy needs', () => {
    const [inWorker, onThread] = told['/no-worker'];
    expect(inWorker).toMatchObject({
      code: 'WORKER_UNAVAILABLE',
      hint: expect.stringContaining('worker-src blob:'),
    });
    expect(onThread).toEqual(told.plain);
  });

  it('decodes under a Content-Security-Policy that forbids WebAssembly', () => {
    expect(told['/no-wasm'][1]).toEqual(told.plain);
  });

  it('backend: names the one that is missing, and its package', () => {
    expect(told.backend).toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('"webgpu"'),
      hint: expect.stringContaining('@tensorflow/tfjs-backend-webgpu'),
    });
  });

  it('cache: two tabs that load at once leave one entry', () => {
    expect(told.tabs.both).toEqual([told.plain, told.plain]);
    expect(told.tabs.entries).toHaveLength(1);
  });

  it('cache: an entry that was cut is decoded again, and mended', () => {
    expect(told.cut).toEqual(told.plain);
    expect(told.mended).toBe(told.whole);
  });

  it('cache: is read on the next visit, and where there is no connection', () => {
    // The last bias of the entry was made 1000.
    expect(told.hit.scores!.at(-1)).toBeGreaterThan(900);
    expect(told.offline).toEqual(told.hit);
    expect(told.offlineWithout).toEqual({ message: 'Failed to fetch' });
  });
});

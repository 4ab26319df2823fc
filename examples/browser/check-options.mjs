// Uses each option of loadModel in a headless Chromium, with the single file of the runtime that has tfjs, and prints
// what came of it as JSON: node examples/browser/check-options.mjs model.tersor
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { bundleRuntime } from '../../tools/runtime-bundles.mjs';

const bytes = readFileSync(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'tersor-options-'));
/** What the pages share: loads, and tells the scores of an image of ones, or the error. */
const use = `
import { loadModel, tf } from './runtime.tfjs.min.js';
await tf.setBackend('cpu');
globalThis.tf = tf;
globalThis.load = async (source = 'model.tersor', options = {}) => {
  try {
    const model = await loadModel(source, options);
    const [, ...shape] = model.inputs[0].shape;
    const scores = tf.tidy(() => [...model.predict(tf.ones([1, ...shape])).dataSync()]);
    model.dispose();
    return { scores };
  } catch ({ code, message, hint }) {
    return { code, message, hint };
  }
};
globalThis.entries = async () => (await (await caches.open('tersor-decoded-1')).keys()).map(({ url }) => url);
/** Replaces each entry of the cache by what \`change\` makes of its bytes. */
globalThis.changeEntries = async (change) => {
  const cache = await caches.open('tersor-decoded-1');
  for (const key of await cache.keys())
    await cache.put(key, new Response(change(new Uint8Array(await (await cache.match(key)).arrayBuffer()))));
};
globalThis.lengthOfEntry = async () => {
  let length;
  await changeEntries((stored) => ((length = stored.length), stored));
  return length;
};
globalThis.ready = true;`;
const POLICIES = { '/no-worker': "worker-src 'none'", '/no-wasm': "script-src 'self'" };
let closed = 0;

await bundleRuntime(folder);
const server = createServer(({ url }, response) => {
  if (url in POLICIES || url === '/') {
    if (POLICIES[url]) response.setHeader('content-security-policy', POLICIES[url]);
    response.setHeader('content-type', 'text/html');
    return response.end('<!doctype html><script type="module" src="use.js"></script>');
  }
  if (url.endsWith('.js')) {
    response.setHeader('content-type', 'text/javascript');
    return response.end(url === '/use.js' ? use : readFileSync(join(folder, url)));
  }
  if (url === '/model.tersor') return response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  if (url !== '/half.tersor') return response.writeHead(404).end();
  response.on('close', () => closed++);
  return response
    .writeHead(200, { 'content-length': bytes.length })
    .write(bytes.subarray(0, bytes.length / 2));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});

/** Waits until something holds that another process brings about; what it is then is told as it is. */
async function until(page, holds) {
  const end = performance.now() + 60_000;
  while (!holds() && performance.now() < end) await page.waitForTimeout(20);
}

async function open(context, path = '/') {
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  await page.goto(`http://127.0.0.1:${server.address().port}${path}`);
  await page.waitForFunction(() => globalThis.ready);
  return page;
}

const told = {};
try {
  const context = await browser.newContext();
  const page = await open(context);
  const load = (options, source) => page.evaluate(([from, given]) => load(from, given), [source, options]);
  told.plain = await load({});
  told.progress = await page.evaluate(async () => {
    const steps = [];
    await load('model.tersor', { onProgress: (step) => steps.push(step) });
    return steps;
  });
  told.aborted = await page.evaluate(async () => {
    const stop = new AbortController();
    const before = tf.memory().numTensors;
    const onProgress = () => stop.abort(new Error('enough'));
    const result = await load('half.tersor', { signal: stop.signal, onProgress });
    return { ...result, tensors: tf.memory().numTensors - before };
  });
  await until(page, () => closed > 0);
  told.aborted.closed = closed;

  const workers = [];
  page.on('worker', (worker) => workers.push(worker.url().replace(/:.*/, '')));
  const inWorker = await load({ worker: true });
  // The browser ends a worker a moment after the page has told it to.
  await until(page, () => page.workers().length === 0);
  told.worker = { ...inWorker, workers: [...workers], left: page.workers().length };
  told.ownWorker = await page.evaluate(async () => {
    const worker = new Worker('decode-worker.min.js');
    const results = [await load(undefined, { worker }), await load(undefined, { worker })];
    worker.terminate();
    return results;
  });
  told.backend = await load({ backend: 'webgpu' });

  // Two tabs at once, nothing in the cache yet.
  const other = await open(context);
  const both = await Promise.all(
    [page, other].map((tab) => tab.evaluate(() => load(undefined, { cache: true }))),
  );
  told.tabs = { both, entries: await page.evaluate(() => entries()) };
  told.whole = await page.evaluate(() => lengthOfEntry());
  await page.evaluate(() => changeEntries((stored) => stored.slice(0, stored.length / 2)));
  told.cut = await load({ cache: true });
  told.mended = await page.evaluate(() => lengthOfEntry());
  // A last weight that is in no file: whoever gives it has read the cache.
  await page.evaluate(() =>
    changeEntries((stored) => {
      new DataView(stored.buffer).setFloat32(stored.length - 4, 1000, true);
      return stored;
    }),
  );
  told.hit = await load({ cache: true });
  await context.setOffline(true);
  told.offline = await load({ cache: true });
  told.offlineWithout = await load({});
  await context.setOffline(false);

  for (const path of Object.keys(POLICIES)) {
    const strict = await open(context, path);
    told[path] = await strict.evaluate(async () => [await load(undefined, { worker: true }), await load()]);
  }
  console.log(JSON.stringify(told));
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
}

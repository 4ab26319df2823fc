// Opens two pages in a headless Chromium that load a packed model with only a <script type="module">, and
// prints what they give as JSON: node examples/browser/check-bundles.mjs model.tersor
//
// One page has the runtime with tfjs; the other tfjs from its own script, and the runtime without. Nothing is
// bundled for either: the files are those that `npm run build` leaves in packages/runtime/dist/esm, made anew.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { bundleRuntime } from '../../tools/runtime-bundles.mjs';

const folder = mkdtempSync(join(tmpdir(), 'tersor-pages-'));
const require = createRequire(import.meta.url);
const TFJS = require.resolve('@tensorflow/tfjs/dist/tf.min.js');
/** The model on an image whose values are all 1, by the backend that every browser has. */
const use = `
  await tf.setBackend('cpu');
  const model = await loadModel('model.tersor', { worker: true, cache: true });
  const [, ...shape] = model.inputs[0].shape;
  globalThis.scores = [...model.predict(tf.ones([1, ...shape])).dataSync()];`;
const pages = {
  '/with.html': `<script type="module">import { loadModel, tf } from './runtime.tfjs.min.js'; ${use}</script>`,
  '/without.html': `<script src="tf.min.js"></script>
    <script type="module">import { loadModel } from './runtime.min.js'; ${use}</script>`,
};

await bundleRuntime(folder);
const files = { '/tf.min.js': TFJS, '/model.tersor': process.argv[2] };
const server = createServer(({ url }, response) => {
  if (pages[url]) return response.setHeader('content-type', 'text/html').end(`<!doctype html>${pages[url]}`);
  if (url.endsWith('.js')) response.setHeader('content-type', 'text/javascript');
  if (files[url]) return response.end(readFileSync(files[url]));
  if (/^\/runtime[.a-z]*\.js$/.test(url)) return response.end(readFileSync(join(folder, url)));
  return response.writeHead(404).end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  const told = {};
  for (const url of Object.keys(pages)) {
    const page = await browser.newPage();
    page.setDefaultTimeout(120_000);
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(`http://127.0.0.1:${server.address().port}${url}`);
    const scores = await page
      .waitForFunction(() => globalThis.scores)
      .then((handle) => handle.jsonValue())
      .catch((error) => String(error));
    told[url] = { scores, errors };
  }
  console.log(JSON.stringify(told));
} finally {
  await browser.close();
  server.close();
  rmSync(folder, { recursive: true, force: true });
}

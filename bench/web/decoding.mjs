// Where the time of a first load goes: the page's thread in Chromium while it loads a packed file and classifies one
// image, sampled, by what the functions do; with the decoder in WebAssembly, and with the one in JavaScript that pages
// have that allow none, in turns. Nothing is cached or compiled before.
//
//   node bench/web/decoding.mjs    (CHROMIUM names the browser; RUNS loads of each file with each decoder)
//
// Writes bench/web/results/decoding.json, which docs/decisions/wasm-decoder.md shows by `npm run pages`.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { root } from '../../tools/packages.mjs';

const RUNS = Number(process.env.RUNS ?? 5);
const FILES = ['vgg19', 'mobilenet', 'vgg-small'];
/** Which part a sample belongs to: the innermost function with one of these names, or of such a file. */
const PARTS = {
  entropy:
    /^(decodeInWasm|transferCodes|transferMap|symbol|find|update|adapt|rebuild|neighbourLevels|SymbolModel|RangeDecoder|next)$/,
  values: /^(linearValues|codebookValues|unpackBits|sliceReferences)$/,
  floats: /^(readFloats|halfValue)$/,
  checks: /^(requireFinite|crc32)$/,
  header: /^(decodeHeader|inflate|parseBoundedJson|byPlatform|joined|readSection|take)$/,
  building: /^(buildModel|builtInSlices|weightSetter|checkTopology|modelFromArtifact)$/,
  upload: /^(tensor|makeTensor|write|setWeights|dispose|disposeData|disposeTensor|read|assign)$/,
  result: /^(predict|dataSync|data)$/,
};
const page = `
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { loadModel } from '@tersor/runtime';
globalThis.prepare = async () => {
  setWasmPaths('/wasm/');
  setThreadsCount(1);
  await tf.setBackend('wasm');
};
globalThis.load = async (file) => {
  const start = performance.now();
  const model = await loadModel(file);
  const loaded = performance.now();
  const [, ...shape] = model.inputs[0].shape;
  await tf.tidy(() => model.predict(tf.zeros([1, ...shape]))).data();
  return { loaded: loaded - start, first: performance.now() - start };
};`;
/** A reader without the module. */
const inJavaScript = {
  name: 'in-javascript',
  setup({ onLoad }) {
    onLoad({ filter: /coding\/decode-in-wasm\.ts$/ }, () => ({
      contents: 'export const decodeInWasm = () => false;',
    }));
  },
};
const bundle = async (plugins) => {
  const made = await build({
    stdin: { contents: page, resolveDir: root },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    keepNames: true,
    conditions: ['tersor/source'],
    logLevel: 'error',
    plugins,
  });
  return made.outputFiles[0].contents;
};
const pages = { js: await bundle([inJavaScript]), wasm: await bundle([]) };
const lines = readFileSync(join(root, 'packages/runtime/src/coding/decoder-code.ts'), 'utf8');
const module = Buffer.from([...lines.matchAll(/^ {2}'(.*)',$/gm)].map(([, line]) => line).join(''), 'base64');
const wasm = dirname(
  createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'),
);
const server = createServer(({ url }, response) => {
  const send = (type, bytes) => response.writeHead(200, { 'content-type': type }).end(bytes);
  const arm = url.slice(1).replace(/\.js$/, '');
  if (url.endsWith('.js')) send('text/javascript', pages[arm]);
  else if (arm in pages) send('text/html', `<!doctype html><script type="module" src="${arm}.js"></script>`);
  else if (url.startsWith('/wasm/')) send('application/wasm', readFileSync(join(wasm, url.slice(6))));
  else if (url.endsWith('.tersor'))
    send('application/octet-stream', readFileSync(join(root, 'examples/browser/models', url.slice(1))));
  else response.writeHead(404).end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});

/** One first load: milliseconds of each part. */
async function once(file, arm) {
  const tab = await (await browser.newContext()).newPage();
  await tab.goto(`http://127.0.0.1:${server.address().port}/${arm}`);
  await tab.waitForFunction(() => globalThis.prepare);
  await tab.evaluate(() => globalThis.prepare());
  const session = await tab.context().newCDPSession(tab);
  await session.send('Profiler.enable');
  await session.send('Profiler.setSamplingInterval', { interval: 200 });
  await session.send('Profiler.start');
  const times = await tab.evaluate((name) => globalThis.load(name), `/${file}.tersor`);
  const { profile } = await session.send('Profiler.stop');
  await tab.context().close();
  return { ...partsOf(profile), ...times };
}

function partsOf({ nodes, samples, timeDeltas }) {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const partOf = (id) => {
    for (let at = id; at !== undefined; at = parents.get(at)) {
      const name = byId.get(at).callFrame.functionName.split('.').at(-1);
      if (name === '(idle)' || name === '(program)') return undefined;
      if (name === '(garbage collector)') return 'collecting';
      const [part] = Object.entries(PARTS).find(([, names]) => names.test(name)) ?? [];
      if (part) return part;
    }
    return 'other';
  };
  const sums = Object.fromEntries([...Object.keys(PARTS), 'collecting', 'other'].map((part) => [part, 0]));
  samples.forEach((id, i) => {
    const part = partOf(id);
    if (part) sums[part] += timeDeltas[i] / 1000;
  });
  return sums;
}

try {
  const files = [];
  for (const file of FILES) {
    const runs = { js: [], wasm: [] };
    for (let i = 0; i < RUNS; i++)
      for (const [arm, list] of Object.entries(runs)) list.push(await once(file, arm));
    for (const [decoder, list] of Object.entries(runs)) {
      const medians = Object.keys(list[0]).map((key) => [key, median(list.map((run) => run[key]))]);
      files.push({ file, decoder, ...Object.fromEntries(medians) });
    }
    console.error(files.slice(-2));
  }
  const result = {
    chromium: browser.version(),
    machine: `${cpus()[0].model}, ${cpus().length} cores`,
    runs: RUNS,
    wasm: { bytes: module.length, gzip: gzipSync(module, { level: 9 }).length },
    files,
  };
  writeFileSync(join(root, 'bench/web/results/decoding.json'), `${JSON.stringify(result, undefined, 2)}\n`);
} finally {
  await browser.close();
  server.close();
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(10 * sorted[sorted.length >> 1]) / 10;
}

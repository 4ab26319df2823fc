// What tools/platforms.mjs runs in Node, Bun and Deno, with the packed runtime installed: `loadModel` from each kind
// of source and with each option, compared with the values that the file was made from. Prints a line of JSON:
// "yes", or what went wrong, by the name of the case.
//
//   FOLDER (has golden-v1.tersor and golden-v1.json) ADDRESS (serves /model.tersor, and /stalls, which never ends)
import '@tensorflow/tfjs-backend-cpu';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { decodeArtifact, loadModel } from '@tersor/runtime';

const [folder, address] = process.argv.slice(2);
const path = join(folder, 'golden-v1.tersor');
const bytes = new Uint8Array(readFileSync(path));
const expected = JSON.parse(readFileSync(join(folder, 'golden-v1.json'), 'utf8'));
/** Where there are no streams (React Native), nobody has one to give. */
const streams = typeof ReadableStream === 'function';

/** Loads, compares every weight of the file, and lets the model predict. */
async function use(source, options) {
  const model = await loadModel(source, options);
  const found = new Map(model.weights.map((weight) => [weight.originalName, weight.read().dataSync()]));
  for (const [name, { values }] of Object.entries(expected))
    if (JSON.stringify([...(found.get(name) ?? [])]) !== JSON.stringify(values))
      throw new Error(`${name} has other values`);
  const [first] = tf.tidy(() => model.predict(tf.ones([1, 8, 8, 3])).dataSync());
  if (!Number.isFinite(first)) throw new Error(`the model says ${first}`);
  model.dispose();
}

/** Throws unless loading fails with that code, or that message. */
async function refused(source, options, wanted) {
  const said = await loadModel(source, options).then(
    () => 'it loaded',
    (error) => error.code ?? error.message,
  );
  if (said !== wanted) throw new Error(`wanted ${wanted}, got ${said}`);
}

const cases = {
  address: () => use(`${address}/model.tersor`),
  URL: () => use(new URL(`${address}/model.tersor`)),
  path: () => use(path),
  'file URL': () => use(pathToFileURL(path)),
  Blob: () => use(new Blob([bytes])),
  File: () => use(new File([bytes], 'model.tersor')),
  Response: async () => use(await fetch(`${address}/model.tersor`)),
  ArrayBuffer: () => use(bytes.buffer),
  Uint8Array: () => use(bytes),
  'web stream': () => use(new Blob([bytes]).stream()),
  'Node stream': () => use(createReadStream(path, { highWaterMark: 50 })),
  worker: () => use(bytes, { worker: true }),
  cache: async () => {
    for (let time = 0; time < 2; time++) await use(`${address}/model.tersor`, { cache: true });
  },
  onProgress: async () => {
    const told = [];
    await use(`${address}/model.tersor`, { onProgress: (progress) => told.push(progress) });
    const { loaded, total } = told.at(-1);
    if (loaded !== bytes.length || total !== bytes.length) throw new Error(`${loaded} of ${total} bytes`);
  },
  signal: async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 200);
    const reason = streams ? 'enough' : 'Loading the model was aborted.';
    await refused(`${address}/stalls`, { signal: stop.signal }, reason);
    await refused(bytes, { signal: stop.signal }, reason);
  },
  backend: async () => {
    await use(bytes, { backend: 'cpu' });
    await refused(bytes, { backend: 'nowhere' }, 'BACKEND_UNAVAILABLE');
  },
  'what is wrong': async () => {
    const damaged = bytes.slice();
    damaged[40] ^= 1;
    await refused(damaged, {}, 'ARTIFACT_CORRUPT');
    await refused(damaged, { worker: true }, 'ARTIFACT_CORRUPT');
    // Without a file system no string is a path.
    const files = streams ? 'MODEL_NOT_FOUND' : 'MODEL_UNSUPPORTED';
    await refused(join(folder, 'nothing.tersor'), {}, files);
    await refused(`${address}/nothing`, {}, 'MODEL_NOT_FOUND');
  },
  decodeArtifact: async () => {
    const { weights } = await decodeArtifact(bytes);
    if (weights.length !== Object.keys(expected).length) throw new Error(`${weights.length} weights`);
  },
};
/** Sources that React Native has no class for, or no file system. */
const LACKING = ['path', 'file URL', 'web stream', 'Node stream'];

await tf.setBackend('cpu');
const before = tf.memory().numTensors;
const told = {};
for (const [name, run] of Object.entries(cases))
  told[name] =
    !streams && LACKING.includes(name)
      ? 'none there'
      : await run().then(
          () => 'yes',
          (error) => `no: ${String(error?.message ?? error).split('\n')[0]}`,
        );
told['tensors left'] = tf.memory().numTensors - before;
console.log(JSON.stringify(told));
process.exit(0);

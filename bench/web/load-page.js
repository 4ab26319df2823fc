// The page of load.mjs: loads one model as its address says (?arm=...), classifies one image, and leaves what it
// measured in `measured`.
import '@tensorflow/tfjs-backend-cpu';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { loadModel } from '@tersor/runtime';

const arm = new URLSearchParams(location.search).get('arm');
const tasks = [];
const keep = (entries) =>
  entries.forEach(({ startTime, duration }) => tasks.push({ start: startTime, duration }));
const observer = new PerformanceObserver((list) => keep(list.getEntries()));
observer.observe({ type: 'longtask', buffered: true });

async function main() {
  setWasmPaths('/wasm/');
  setThreadsCount(1);
  await tf.setBackend('wasm');
  await new Promise((resolve) => setTimeout(resolve, 200));
  performance.mark('load begins');
  const start = performance.now();
  const model = await (arm === 'original'
    ? loadLayersModel('/original/model.json')
    : loadModel('/model.tersor', { worker: arm === 'worker', cache: arm === 'cache' }));
  const loaded = performance.now();
  performance.mark('load ends');
  // The browser tells of a long task only after it.
  await new Promise((resolve) => setTimeout(resolve, 500));
  keep(observer.takeRecords());
  const during = tasks.filter((task) => task.start + task.duration > start && task.start < loaded);
  const [, ...shape] = model.inputs[0].shape;
  const clock = performance.now();
  const output = tf.tidy(() => model.predict(tf.zeros([1, ...shape])));
  await output.data();
  const first = performance.now() - clock;
  Object.assign(globalThis, {
    measured: {
      load: loaded - start,
      first: loaded - start + first,
      longest: Math.max(0, ...during.map(({ duration }) => duration)),
    },
  });
}

main().catch((error) => Object.assign(globalThis, { measured: { error: String(error) } }));

/** The page in which networks are timed; `page-server.ts` serves it. */
export const PAGE =
  '<!doctype html><title>tersor profile</title><link rel="icon" href="data:,"><script type="module" src="page.js"></script>';

/**
 * Its script. `start` activates a tfjs backend and returns the name of the adapter; `takeTurns` times
 * networks, see `LatencyMeter`.
 */
export const PAGE_SCRIPT = `
import { modelFromArtifact, tf } from './runtime.js';

// The scripts of backends extend this global.
globalThis.tf = { ...tf };

const ADAPTERS = {
  wasm: async () => ({}),
  webgl: async () => {
    const gl = document.createElement('canvas').getContext('webgl2');
    const info = gl?.getExtension('WEBGL_debug_renderer_info');
    if (!gl) throw new Error('it has no WebGL 2.');
    return { adapter: gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER) };
  },
  webgpu: async () => {
    const found = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
    if (!found) throw new Error('it has no WebGPU adapter.');
    const { vendor, architecture, device, description, isFallbackAdapter } = found.info;
    const adapter = [vendor, architecture, device, description].filter(Boolean).join(' ') || 'WebGPU';
    return { adapter, isFallback: Boolean(isFallbackAdapter ?? found.isFallbackAdapter) };
  },
};

function load(src) {
  return new Promise((resolve, reject) => {
    const onerror = () => reject(new Error(src + ' cannot be loaded.'));
    document.head.append(Object.assign(document.createElement('script'), { src, onload: resolve, onerror }));
  });
}

async function start({ backend, threads }) {
  const adapter = await ADAPTERS[backend]();
  if (backend !== 'webgl') await load(backend + '/tf-backend-' + backend + '.es2017.min.js');
  if (backend === 'wasm') {
    globalThis.tf.wasm.setWasmPaths('wasm/');
    globalThis.tf.wasm.setThreadsCount(threads);
  }
  if (!(await tf.setBackend(backend))) throw new Error('tfjs cannot start there.');
  await tf.ready();
  return { ...adapter, userAgent: navigator.userAgent };
}

async function build(url) {
  const [topology, specs] = await (await fetch(url + '.json')).json();
  const values = new Float32Array(await (await fetch(url + '.bin')).arrayBuffer());
  let at = 0;
  const weights = specs.map(({ name, shape }) => {
    const size = shape.reduce((product, side) => product * side, 1);
    return { name, shape, data: values.subarray(at, (at += size)) };
  });
  return modelFromArtifact({ topology, weights });
}

async function takeTurns({ networks, images, runs }) {
  const models = [];
  try {
    for (const url of networks) models.push(await build(url));
    const inputs = models.map(({ inputs: [{ shape }] }) => {
      const full = [images, ...shape.slice(1).map((side) => side ?? 1)];
      const size = full.reduce((product, side) => product * side, 1);
      return { shape: full, values: Float32Array.from({ length: size }, (_, i) => ((i * 7919) % 2000) / 1000 - 1) };
    });
    const times = models.map(() => []);
    for (let run = 0; run < runs; run++)
      for (const [index, model] of models.entries()) {
        const { shape, values } = inputs[index];
        const started = performance.now();
        const input = tf.tensor(values, shape);
        // An empty network returns its input itself, which would not be transferred to the device and back.
        const output = model.layers.length > 1 ? model.predict(input, { batchSize: images }) : tf.neg(input);
        await [output].flat()[0].data();
        times[index].push((performance.now() - started) / images);
        tf.dispose([input, output]);
      }
    return times;
  } finally {
    models.forEach((model) => model.dispose());
  }
}

Object.assign(globalThis, { start, takeTurns });
`;

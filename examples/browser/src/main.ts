import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plainWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { loadModel } from '@tersor/runtime';
import { CLASSES, fetchImages, toCanvas, toTensor, type LabelledImage } from './images.js';

interface Measured {
  readonly bytes: number;
  readonly loadSeconds: number;
  readonly secondsPerImage: number;
  readonly classes: readonly number[];
}

/** Bytes of all files fetched whose path has `part` in it, as the server holds them. */
function bytesFetched(part: string): number {
  const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
  return entries
    .filter(({ name }) => name.includes(part))
    .reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0);
}

async function measure(
  load: () => Promise<LayersModel>,
  part: string,
  images: readonly LabelledImage[],
): Promise<Measured> {
  const start = performance.now();
  const model = await load();
  const loadSeconds = (performance.now() - start) / 1000;
  const classify = async (some: readonly LabelledImage[]) => {
    const input = toTensor(some);
    const output = tf.tidy(() => tf.argMax(model.predict(input) as tf.Tensor, -1));
    const classes = await output.data();
    tf.dispose([input, output]);
    return [...classes];
  };
  // The first run sets kernels up.
  await classify(images.slice(0, 1));
  const clock = performance.now();
  const classes = await classify(images);
  const secondsPerImage = (performance.now() - clock) / 1000 / images.length;
  model.dispose();
  return { bytes: bytesFetched(part), loadSeconds, secondsPerImage, classes };
}

function show(images: readonly LabelledImage[], original: Measured, packed: Measured): void {
  const right = ({ classes }: Measured) =>
    images.filter(({ label }, i) => label === classes[i]).length / images.length;
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  const rows: [string, (measured: Measured) => string][] = [
    ['size', ({ bytes }) => `${(bytes / 1000).toFixed(1)} kB`],
    ['load time', ({ loadSeconds }) => `${(1000 * loadSeconds).toFixed(0)} ms`],
    ['inference per image', ({ secondsPerImage }) => `${(1000 * secondsPerImage).toFixed(2)} ms`],
    ['accuracy on these images', (measured) => percent(right(measured))],
  ];
  const body = document.querySelector('#figures tbody')!;
  for (const [name, text] of rows) {
    const row = document.createElement('tr');
    row.append(Object.assign(document.createElement('th'), { scope: 'row', textContent: name }));
    for (const measured of [original, packed])
      row.append(Object.assign(document.createElement('td'), { textContent: text(measured) }));
    body.append(row);
  }
  document.querySelector<HTMLTableElement>('#figures')!.hidden = false;
  const agreement = images.filter((_, i) => original.classes[i] === packed.classes[i]).length / images.length;
  document.querySelector('#agreement')!.textContent =
    `They agree on ${percent(agreement)} of ${images.length} CIFAR-10 test images; the packed file is ${(original.bytes / packed.bytes).toFixed(1)} times smaller.`;
  images.slice(0, 32).forEach((image, i) => {
    const figure = document.createElement('figure');
    figure.className = original.classes[i] === packed.classes[i] ? '' : 'differs';
    const caption = document.createElement('figcaption');
    caption.innerText = `${CLASSES[image.label]}\n${CLASSES[original.classes[i]!]} / ${CLASSES[packed.classes[i]!]}`;
    figure.append(toCanvas(image), caption);
    document.querySelector('#images')!.append(figure);
  });
  const status = document.querySelector<HTMLElement>('#status')!;
  status.textContent = 'Under each image: its label, then the original / the packed model.';
  Object.assign(status.dataset, {
    state: 'done',
    agreement,
    originalBytes: original.bytes,
    packedBytes: packed.bytes,
    originalAccuracy: right(original),
    packedAccuracy: right(packed),
  });
}

async function main(): Promise<void> {
  setWasmPaths({
    'tfjs-backend-wasm.wasm': plainWasm,
    'tfjs-backend-wasm-simd.wasm': simdWasm,
    'tfjs-backend-wasm-threaded-simd.wasm': threadedWasm,
  });
  await tf.setBackend('wasm');
  await tf.ready();
  const images = await fetchImages('images.bin');
  const original = await measure(() => loadLayersModel('original/model.json'), '/original/', images);
  const packed = await measure(() => loadModel('model.tersor'), '.tersor', images);
  show(images, original, packed);
}

main().catch((error: unknown) => {
  const status = document.querySelector<HTMLElement>('#status')!;
  status.dataset['state'] = 'failed';
  status.textContent = String(error);
});

import * as tf from '@tensorflow/tfjs-core';
import { imageInput, type ImageSource } from '@tersor/runtime';
import { BACKENDS, useBackend } from './backends.js';
import { bestClasses, classify, measureLatency } from './classify.js';
import { fetchImages, openCamera, readImage, showSquare, type LabelledImage } from './images.js';
import { disposePair, fetchNetworks, loadPair, type NetworkEntry, type NetworkPair } from './networks.js';
import { element, showClasses, showFigures, type Latency } from './results.js';

type Shown = Exclude<ImageSource, tf.Tensor3D>;

const SAMPLES = 12;
const status = element('status');
const preview = element<HTMLCanvasElement>('preview');
let networks: readonly NetworkEntry[] = [];
let images: readonly LabelledImage[] = [];
let pair: NetworkPair | undefined;
let latency: Latency | undefined;
let shown: Shown | undefined;
let loading = new AbortController();
let stopCamera: (() => void) | undefined;
/** What the models do, one thing after the other: they share a device. */
let turn: Promise<unknown> = Promise.resolve();

function say(state: 'loading' | 'ready' | 'failed', text: string): void {
  status.dataset['state'] = state;
  status.textContent = text;
}

function inTurn(task: () => Promise<void>): Promise<void> {
  const next = turn.then(task);
  turn = next.catch((error: unknown) => {
    if (!loading.signal.aborted || !(error instanceof DOMException)) say('failed', messageOf(error));
  });
  return turn as Promise<void>;
}

/** Loads the chosen network on the chosen backend, and measures it. */
function choose(): Promise<void> {
  loading.abort();
  const { signal } = (loading = new AbortController());
  const entry = networks.find(({ id }) => id === element<HTMLSelectElement>('network').value)!;
  element('about').textContent = entry.about;
  element('comparison').textContent = '';
  say('loading', `Loading ${entry.name}...`);
  return inTurn(async () => {
    if (signal.aborted) return;
    if (pair) disposePair(pair);
    pair = latency = undefined;
    showClasses(undefined, []);
    await useBackend(element<HTMLSelectElement>('backend').value);
    pair = await loadPair(entry, signal, (text) => say('loading', text));
    images = entry.images === undefined ? [] : await fetchImages(entry.images);
    showFigures(pair, undefined);
    showSamples();
    await show(shown ?? images[0]?.canvas);
    await measure();
    const missing = pair.original ? '' : ' The original is too large for this page.';
    say('ready', `Ready.${missing}`);
  });
}

async function measure(): Promise<void> {
  if (!pair) return;
  showFigures(pair, undefined);
  latency = await measureLatency(pair, pair.packed.model.preprocessing!);
  showFigures(pair, latency);
}

/** Classifies an image, and shows what came out. */
async function show(source: Shown | undefined): Promise<void> {
  if (!source || !pair) return;
  // A camera that has stopped has no picture any more.
  if (!(source instanceof HTMLVideoElement)) shown = source;
  showSquare(preview, source);
  showClasses(await classify(pair, source), pair.packed.model.classNames ?? []);
}

function showSamples(): void {
  const names = pair!.packed.model.classNames ?? [];
  element('samples').replaceChildren(
    ...images.slice(0, SAMPLES).map(({ canvas, label }) => {
      const button = Object.assign(document.createElement('button'), { type: 'button' });
      button.setAttribute('aria-label', `A picture of: ${names[label] ?? label}`);
      const small = Object.assign(document.createElement('canvas'), { width: 32, height: 32 });
      showSquare(small, canvas);
      button.append(small);
      button.onclick = () => void (endCamera(), inTurn(() => show(canvas)));
      return button;
    }),
  );
  element('all').hidden = images.length === 0 || !pair!.original;
}

async function compareAll(): Promise<void> {
  if (!pair?.original || images.length === 0) return;
  const { preprocessing } = pair.packed.model;
  const input = tf.tidy(() =>
    tf.concat4d(
      images.map(({ canvas }) => imageInput(canvas, preprocessing!)),
      0,
    ),
  );
  const [packed, original] = [
    await bestClasses(pair.packed.model, input),
    await bestClasses(pair.original.model, input),
  ];
  input.dispose();
  const share = (right: (i: number) => boolean) =>
    `${Math.round((100 * images.filter((_, i) => right(i)).length) / images.length)}%`;
  const comparison = element('comparison');
  comparison.textContent = `They agree on ${share((i) => packed[i] === original[i])} of ${images.length} test images. Right: original ${share((i) => original[i] === images[i]!.label)}, compressed ${share((i) => packed[i] === images[i]!.label)}.`;
}

async function useFile(file: Blob | undefined): Promise<void> {
  if (!file) return;
  endCamera();
  await inTurn(async () => {
    await show(await readImage(file));
    say('ready', 'Ready.');
  });
}

function endCamera(): void {
  stopCamera?.();
  stopCamera = undefined;
  element('camera').setAttribute('aria-pressed', 'false');
  element('camera').textContent = 'Use the camera';
}

async function toggleCamera(): Promise<void> {
  if (stopCamera) return endCamera();
  const video = element<HTMLVideoElement>('video');
  try {
    stopCamera = await openCamera(video);
  } catch (error) {
    return say('failed', `The camera cannot be used: ${messageOf(error)}`);
  }
  element('camera').setAttribute('aria-pressed', 'true');
  element('camera').textContent = 'Stop the camera';
  while (stopCamera) {
    await inTurn(() => show(video));
    await tf.nextFrame();
  }
}

function listen(): void {
  const drop = element('drop');
  for (const name of ['dragenter', 'dragover', 'dragleave', 'drop'] as const)
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle('over', name === 'dragenter' || name === 'dragover');
    });
  drop.addEventListener('drop', ({ dataTransfer }) => void useFile(dataTransfer?.files[0]));
  element<HTMLInputElement>('file').onchange = ({ target }) =>
    void useFile((target as HTMLInputElement).files?.[0]);
  addEventListener('paste', ({ clipboardData }) => void useFile(clipboardData?.files[0]));
  element('camera').onclick = () => void toggleCamera();
  element('measure').onclick = () => void inTurn(measure);
  element('all').onclick = () => void inTurn(compareAll);
  for (const id of ['network', 'backend']) element(id).onchange = () => void choose();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function start(): Promise<void> {
  networks = await fetchNetworks();
  const wanted = new URLSearchParams(location.search);
  const fill = (id: 'network' | 'backend', all: readonly { id: string; name: string }[]) => {
    const select = element<HTMLSelectElement>(id);
    select.append(...all.map(({ id: value, name }) => new Option(name, value)));
    if (all.some((each) => each.id === wanted.get(id))) select.value = wanted.get(id)!;
  };
  fill('network', networks);
  fill(
    'backend',
    BACKENDS.filter(({ isHere }) => isHere()),
  );
  listen();
  await choose();
}

start().catch((error: unknown) => say('failed', messageOf(error)));

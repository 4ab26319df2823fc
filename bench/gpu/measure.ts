/**
 * How fast is the webgpu backend on a GPU, against PyTorch on the same card? Forward pass, training step and
 * an episode of the pruning search, for VGG-19 (32x32) and MobileNet v1 (a quarter of its width, 224x224),
 * both with drawn weights. All sides of a measure take turns within one run. Runs from the folder that
 * pack.mjs makes, through run.sh; see there.
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compileFused } from '@tersor/network';
import { train } from '@tersor/compression';
import { describeMachine, type LayerGraph } from '@tersor/core';
import { createWebgpuBackend } from '@tersor/backend-webgpu';
import { median } from '../median.js';
import { prepareEpisode } from './episode.js';
import { NETWORKS, SMALL_NETWORKS, noise, noiseDataset, type Network } from './networks.js';
import { inTurns, openRecord, timed, type RecordFile, type Timed } from './record.js';
import { startReference, type Reference } from './reference.js';

/** How much is measured. */
interface Sizes {
  readonly rounds: number;
  readonly forward: Readonly<Record<Network['name'], { images: number; batches: readonly number[] }>>;
  readonly train: Readonly<Record<Network['name'], number>>;
  readonly steps: number;
  readonly episode: Readonly<Record<Network['name'], number>>;
}

const GPU: Sizes = {
  rounds: 5,
  forward: {
    'VGG-19': { images: 1024, batches: [64, 256, 1024] },
    MobileNet: { images: 512, batches: [64, 256] },
  },
  train: { 'VGG-19': 128, MobileNet: 64 },
  steps: 4,
  episode: { 'VGG-19': 1000, MobileNet: 400 },
};

/** For a software adapter, where only function is of interest. */
const SOFTWARE: Sizes = {
  rounds: 1,
  forward: { 'VGG-19': { images: 6, batches: [2, 4] }, MobileNet: { images: 4, batches: [2, 3] } },
  train: { 'VGG-19': 2, MobileNet: 2 },
  steps: 2,
  episode: { 'VGG-19': 4, MobileNet: 4 },
};

const SEED = 1;
/** Milliseconds that PyTorch may take to start. */
const PATIENCE = 90_000;
/** Relative error of the outputs (2-norm) above which nothing is measured. */
const WRONG = 1e-3;

interface Bench {
  readonly file: RecordFile;
  readonly sizes: Sizes;
  readonly torch: Reference | undefined;
  readonly network: Network;
  readonly graph: LayerGraph;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      python: { type: 'string', default: 'python3' },
      seconds: { type: 'string', default: '600' },
      software: { type: 'boolean', default: false },
      card: { type: 'string', default: '' },
      parts: { type: 'string', default: Object.keys(PARTS).join(',') },
    },
  });
  if (values.out === undefined) throw new Error('--out FILE is needed');
  const file = openRecord(values.out);
  const sizes = values.software ? SOFTWARE : GPU;
  const networks = values.software ? SMALL_NETWORKS : NETWORKS;
  const end = performance.now() + 1000 * Number(values.seconds);
  const reference = startReference(values.python, join(__dirname, 'reference.py'));
  reference.catch(() => undefined);
  file.set('seed', SEED);
  file.set('sizes', sizes);
  file.set('machine', describeMachine());
  file.set('processor', cpus()[0]?.model);
  file.set('nvidiaSmi', values.card);
  const backend = createWebgpuBackend({ powerPreference: 'high-performance' });
  const availability = await backend.isAvailable();
  if (!availability.available) throw new Error(`${availability.reason} ${availability.install}`);
  file.set('adapter', availability.details);
  const { adapter } = availability.details;
  const isSoftware = /swiftshader|llvmpipe|software|subzero/i.test(JSON.stringify(availability.details));
  console.log(`adapter: ${adapter}`);
  if (isSoftware && !values.software)
    throw new Error(
      `${adapter} is a software adapter, whose speed says nothing. --software tries the script.`,
    );
  await backend.activate();
  let torch: Reference | undefined;
  const graphs = new Map<string, LayerGraph>();
  for (const network of networks) {
    const graph = await network.make();
    graphs.set(network.name, graph);
    await attempt(file, `correctness, ${network.name}`, () => requireRight(file, network, graph));
    await backend.activate();
  }
  await backend.dispose();
  try {
    torch = await Promise.race([
      reference,
      new Promise<never>((_, reject) =>
        setTimeout(() => reject(new Error('not ready in time')), PATIENCE).unref(),
      ),
    ]);
  } catch (error) {
    file.fail('PyTorch', error);
  }
  file.set('versions', { node: process.version, tfjs: tf.version_core, ...torch?.versions });
  for (const name of values.parts.split(','))
    for (const network of networks) {
      const what = `${name}, ${network.name}`;
      const part = PARTS[name];
      if (!part) throw new Error(`No part "${name}": ${Object.keys(PARTS).join(', ')}`);
      if (performance.now() > end) file.fail(what, 'left out: the time is up');
      else
        await attempt(file, what, () =>
          part({ file, sizes, torch, network, graph: graphs.get(network.name)! }),
        );
    }
  reference.then(
    ({ end: stop }) => stop(),
    () => undefined,
  );
  console.log('done');
}

async function attempt(file: RecordFile, what: string, run: () => Promise<void>): Promise<void> {
  const start = performance.now();
  try {
    await run();
  } catch (error) {
    console.log(error);
    file.fail(what, error);
  }
  console.log(`[${what}: ${((performance.now() - start) / 1000).toFixed(1)} s]`);
}

/** Outputs on the GPU against those of tfjs in plain JavaScript. Throws where they differ. */
async function requireRight(file: RecordFile, { name, imageShape }: Network, graph: LayerGraph) {
  const images = noise(2, imageShape, 3);
  const run = async (backend: string) => {
    await tf.setBackend(backend);
    const session = await compileFused(graph);
    const outputs = await session.run(images);
    session.dispose();
    return outputs;
  };
  const ours = await run('webgpu');
  const exact = await run('cpu');
  let [square, total] = [0, 0];
  exact.forEach((value, i) => {
    square += (ours[i]! - value) ** 2;
    total += value ** 2;
  });
  const error = Math.sqrt(square / total);
  file.set(`relativeError ${name}`, error);
  console.log(`relative error of the outputs, ${name}: ${error}`);
  if (!(error < WRONG)) throw new Error(`The outputs are wrong: relative error ${error}`);
}

const backendOf = (batchSize?: number) =>
  createWebgpuBackend({ powerPreference: 'high-performance', ...(batchSize !== undefined && { batchSize }) });

/** PyTorch's side of a command, in single precision and with TF32. */
function theirs(torch: Reference | undefined, command: (precision: string) => string) {
  if (!torch) return {};
  const ask =
    (precision: string): Timed =>
    () =>
      torch.ask(command(precision));
  return { 'PyTorch float32': ask('float32'), 'PyTorch TF32': ask('tf32') };
}

/** Images that stay on the device, at several batch sizes; `auto` is what the backend chooses. */
async function forward({ file, sizes, torch, network, graph }: Bench): Promise<void> {
  const { images: count, batches } = sizes.forward[network.name];
  const images = noise(count, network.imageShape, 1);
  for (const batch of [undefined, ...batches]) {
    const backend = backendOf(batch);
    const session = await backend.compile(graph);
    // The backend keeps what it is given a second time.
    for (let i = 0; i < 2; i++) await session.run(images);
    await inTurns(
      file,
      { name: 'forward', network: network.name, setting: { batch: batch ?? 'auto' }, images: count },
      {
        webgpu: () => timed(() => session.run(images)),
        ...theirs(
          torch,
          (precision) => `forward ${network.name} ${precision} ${count} ${batch ?? batches.at(-1)!} device`,
        ),
      },
      sizes.rounds,
    );
    session.dispose();
    await backend.dispose();
  }
}

/** Images that come from the host each time, against those that stay; and each batch waited for. */
async function uploads({ file, sizes, torch, network, graph }: Bench): Promise<void> {
  const { images: count, batches } = sizes.forward[network.name];
  const images = noise(count, network.imageShape, 1);
  const batch = batches.at(-1)!;
  const size = images.length / count;
  const backend = backendOf(batches[1]!);
  const session = await backend.compile(graph);
  for (let i = 0; i < 2; i++) await session.run(images);
  await inTurns(
    file,
    { name: 'upload', network: network.name, setting: { batch: batches[1]! }, images: count },
    {
      'webgpu, images on the device': () => timed(() => session.run(images)),
      'webgpu, images from the host': () => {
        const fresh = images.slice();
        return timed(() => session.run(fresh));
      },
      'webgpu, from the host, one batch at a time': () => {
        const fresh = images.slice();
        return timed(async () => {
          for (let at = 0; at < count; at += batches[1]!)
            await session.run(fresh.subarray(at * size, Math.min(count, at + batches[1]!) * size));
        });
      },
      ...(torch && {
        'PyTorch float32, images on the device': () =>
          torch.ask(`forward ${network.name} float32 ${count} ${batch} device`),
        'PyTorch float32, images from the host': () =>
          torch.ask(`forward ${network.name} float32 ${count} ${batch} host`),
      }),
    },
    sizes.rounds,
  );
  session.dispose();
  await backend.dispose();
}

/** A step as `tersor train` and a fine-tune do it: gradients on the GPU, the update in Node. */
async function training({ file, sizes, torch, network, graph }: Bench): Promise<void> {
  const batch = sizes.train[network.name];
  const backend = backendOf();
  await backend.activate();
  const dataset = noiseDataset(network, batch * sizes.steps);
  const objective = { labelSmoothing: 0, distill: 0, temperature: 1 };
  const step = async () => {
    const seconds: number[] = [];
    let last = performance.now();
    await train({
      graph,
      backend,
      dataset,
      seed: SEED,
      options: {
        ...objective,
        epochs: 1,
        learningRate: 1e-3,
        schedule: 'constant',
        batchSize: batch,
        momentum: 0.9,
        weightDecay: 5e-4,
        augmentation: { flip: false, shift: 0, cutout: 0 },
      },
      onStep: () => {
        seconds.push((performance.now() - last) / 1000);
        last = performance.now();
      },
    });
    return median(seconds.slice(1));
  };
  await inTurns(
    file,
    { name: 'training step', network: network.name, setting: { batch }, images: batch },
    {
      webgpu: step,
      ...theirs(torch, (precision) => `train ${network.name} ${precision} ${sizes.steps} ${batch}`),
    },
    Math.max(1, sizes.rounds - 2),
  );
  await backend.dispose();
}

/** An episode that halves the multiply-adds; PyTorch's side sets channels to zero, as AMC's code does. */
async function episodes({ file, sizes, torch, network, graph }: Bench): Promise<void> {
  const images = sizes.episode[network.name];
  const backend = backendOf();
  await backend.activate();
  const dataset = noiseDataset(network, images);
  const prepare = (options: { reconstruct: 'none' | 'least-squares'; multiple: number }) =>
    prepareEpisode({ graph, dataset, backend, images, ...options });
  const plain = await prepare({ reconstruct: 'none', multiple: 1 });
  const multiples = await prepare({ reconstruct: 'none', multiple: 4 });
  const batch = sizes.forward[network.name].batches.at(-1)!;
  const common = { network: network.name, setting: { share: 0.5 }, images };
  await inTurns(
    file,
    { name: 'episode', ...common },
    {
      webgpu: plain.run,
      'webgpu, multiples of 4 channels': multiples.run,
      ...theirs(
        torch,
        (precision) => `episode ${network.name} ${precision} ${images} ${batch} ${plain.ratio}`,
      ),
    },
    sizes.rounds,
  );
  const refit = await prepare({ reconstruct: 'least-squares', multiple: 4 });
  await inTurns(file, { name: 'episode with the refit', ...common }, { webgpu: refit.run }, 1);
  file.set(
    `episode ${network.name}`,
    Object.fromEntries(
      Object.entries({ plain, multiples, refit }).map(([name, { shareOfMultiplyAdds, evaluations }]) => [
        name,
        { shareOfMultiplyAdds: shareOfMultiplyAdds(), secondsOfEvaluation: evaluations() },
      ]),
    ),
  );
  await backend.dispose();
}

/** Bytes that tfjs holds on the device after candidates of different shapes. */
async function memory({ file, sizes, network, graph }: Bench): Promise<void> {
  const images = sizes.episode[network.name];
  const backend = backendOf();
  await backend.activate();
  const dataset = noiseDataset(network, images);
  const bytes: number[] = [];
  const shares = sizes === GPU ? [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3] : [0.6, 0.4];
  for (const share of shares) {
    const { run } = await prepareEpisode({
      graph,
      dataset,
      backend,
      reconstruct: 'none',
      images,
      share,
      multiple: 1,
    });
    await run();
    bytes.push(tf.memory()['numBytesAllocatedInGPU' as 'numBytes']);
  }
  file.set(`bytes on the device after candidates, ${network.name}`, { shares, bytes });
  console.log(`bytes on the device: ${bytes.join(' ')}`);
  await backend.dispose();
}

/** The most valuable first: what time does not suffice for is left out. */
const PARTS: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  forward,
  training,
  episode: episodes,
  upload: uploads,
  memory,
};

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

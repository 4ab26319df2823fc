/**
 * How much memory does calibration take on ImageNet's networks? Each case runs in a process of its own, on a
 * network with drawn weights and images of noise, and reports the most that was resident; `alone` reads the
 * network and runs it. Writes results/calibration.json case by case; cases that it has already stay.
 *
 * npm run setup:tfjs-node
 * node --conditions=tersor/source --import tsx bench/memory/calibration-memory.ts
 *     [--networks vgg16,mobilenet-v2,inception-v3] [--paths alone,refit,reconstruction,in-order,calibrate]
 *     [--images 100] [--name calibration]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as tfl from '@tensorflow/tfjs-layers';
import {
  channelGroups,
  disposeModel,
  finishPlan,
  graphFromModel,
  initializeKernels,
  readNetwork,
  writeModel,
} from '@tersor/network';
import { layersWithKernels, prepareCalibration } from '@tersor/compression';
import { createNodeBackend } from '@tersor/backend-node';
import { createRandom, describeMachine, type Backend, type Dataset } from '@tersor/core';
import { peakResidentBytes } from '../../packages/compression/src/results/peak-memory.js';
import { ChannelPruner, type ChannelPrunerOptions } from '../../plugins/pruner-channel/src/index.js';
import { LinearQuantizer } from '../../plugins/quantizer-linear/src/index.js';

const ROOT = resolve(__dirname, '../..');
const ARCHITECTURES: Readonly<Record<string, string>> = {
  vgg16: 'bench/paper/vgg16-architecture.mjs',
  'mobilenet-v2': 'bench/memory/mobilenet-v2-architecture.mjs',
  'inception-v3': 'bench/memory/inception-v3-architecture.mjs',
};
const BITS = 4;
const SIDE = 224;

const { values: options } = parseArgs({
  options: {
    networks: { type: 'string', default: Object.keys(ARCHITECTURES).join() },
    paths: { type: 'string', default: 'alone,refit,reconstruction,in-order,calibrate' },
    images: { type: 'string', default: '100' },
    name: { type: 'string', default: 'calibration' },
    // What the processes are told: where to draw a network, and the model of a case.
    draw: { type: 'string' },
    model: { type: 'string' },
  },
});
const count = Number(options.images);

interface Row {
  readonly network: string;
  readonly path: string;
  readonly images: number;
  readonly peakResidentBytes: number;
  readonly seconds: number;
}

interface Results {
  readonly machine: string;
  readonly node: string;
  readonly rows: readonly Row[];
}

async function main(): Promise<void> {
  if (options.model !== undefined) return runCase(options.model, options.paths);
  if (options.draw !== undefined) return draw(options.networks, options.draw);
  const file = join(ROOT, `bench/memory/results/${options.name}.json`);
  const folder = await mkdtemp(join(tmpdir(), 'tersor-calibration-'));
  try {
    for (const network of options.networks.split(',')) {
      const model = join(folder, network);
      start(['--networks', network, '--draw', model]);
      for (const path of options.paths.split(',')) {
        const row = measure(network, path, join(model, 'model.json'));
        process.stderr.write(
          `${network} ${path}: ${(row.peakResidentBytes / 2 ** 30).toFixed(2)} GiB, ${row.seconds.toFixed(0)} s\n`,
        );
        const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results).rows : [];
        const others = before.filter(
          (each) => each.network !== network || each.path !== path || each.images !== row.images,
        );
        const results: Results = {
          machine: describeMachine(),
          node: process.version,
          rows: [...others, row],
        };
        writeFileSync(file, `${JSON.stringify(results, undefined, 1)}\n`);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes a network with drawn weights. */
async function draw(network: string, folder: string): Promise<void> {
  const place = ARCHITECTURES[network];
  if (place === undefined)
    throw new Error(`No network "${network}": ${Object.keys(ARCHITECTURES).join(', ')}`);
  const { default: build } = (await import(pathToFileURL(join(ROOT, place)).href)) as {
    default: (library: typeof tfl) => tfl.LayersModel;
  };
  await import('@tensorflow/tfjs-backend-cpu');
  const model = build(tfl);
  const graph = initializeKernels(await graphFromModel(model), 1);
  disposeModel(model);
  await writeModel(graph, folder);
}

function measure(network: string, path: string, model: string): Row {
  const printed = start(['--model', model, '--paths', path, '--images', options.images]);
  const found = JSON.parse(printed.trim().split('\n').at(-1)!) as Pick<Row, 'peakResidentBytes' | 'seconds'>;
  return { network, path, images: count, ...found };
}

/** Runs this script in a process of its own; what it prints. */
function start(words: readonly string[]): string {
  const child = spawnSync(process.execPath, [...process.execArgv, __filename, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.status !== 0) throw new Error(`${words.join(' ')} ended with ${child.status ?? child.signal}`);
  return child.stdout;
}

/** In a process of its own: runs one path, and prints what it took. */
async function runCase(model: string, path: string): Promise<void> {
  const backend = createNodeBackend({ precision: 'float32', directories: [ROOT] });
  await backend.activate();
  const started = performance.now();
  await runPath(path, model, backend);
  const seconds = (performance.now() - started) / 1000;
  await backend.dispose();
  process.stdout.write(`${JSON.stringify({ peakResidentBytes: peakResidentBytes(), seconds })}\n`);
}

async function runPath(path: string, model: string, backend: Backend): Promise<void> {
  const graph = await readNetwork(model);
  const dataset = noise();
  if (path === 'alone') {
    const session = await backend.compile(graph, { precision: 'float32' });
    await session.run((await dataset.read('train', [0, 1, 2, 3, 4, 5, 6, 7])).images);
    session.dispose();
  } else if (path === 'calibrate') {
    const quantizer = new LinearQuantizer({
      scheme: 'symmetric',
      granularity: 'channel',
      scale: 'mse',
      calibrate: { images: count, points: 24, maximumInputs: 512 },
    });
    const layers = layersWithKernels(graph).map(({ name }) => name);
    const calibration = await prepareCalibration({ graph, layers, quantizer, dataset, backend, seed: 1 });
    const weights = Object.fromEntries(layers.map((name) => [name, BITS]));
    await calibration!.finish({ weights }, Infinity);
  } else {
    const groups = channelGroups(graph).groups;
    const pruner = new ChannelPruner({
      criterion: path === 'reconstruction' ? 'reconstruction' : 'l1',
      reconstruct: 'least-squares',
      images: count,
      points: 10,
      maximumInputs: 1152,
      ridge: 1e-3,
      batchNormImages: count,
      weights: 'equal',
      probeImages: 100,
      ...(path === 'in-order' && { sequential: { images: count, points: 24, ridge: 0.1 } }),
    } satisfies ChannelPrunerOptions);
    await pruner.prepare({ graph, groups, dataset, backend, seed: 1 });
    const plan = groups.map((group) => pruner.plan(group, { channels: group.channels / 2 }));
    const adapted = await pruner.adapt(pruner.apply(graph, plan), plan);
    await finishPlan(adapted, [pruner], plan);
  }
}

/** Images of noise, each the same whenever it is read. */
function noise(): Dataset {
  const size = SIDE * SIDE * 3;
  return {
    id: 'noise',
    imageShape: [SIDE, SIDE, 3],
    classNames: Array.from({ length: 1000 }, (_, i) => `class ${i}`),
    padValue: [0, 0, 0],
    size: () => count,
    read: async (_, indexes) => {
      const images = new Float32Array(indexes.length * size);
      indexes.forEach((index, i) => {
        const random = createRandom(index, 'noise');
        for (let at = 0; at < size; at++) images[i * size + at] = random.uniform() - 0.5;
      });
      return { images, labels: new Int32Array(indexes.length) };
    },
  };
}

void main();

// Accuracy of a network with all kernels at one bit width, no training: each weight rounded by itself
// (nearest), the same with the means of the outputs corrected, and codes chosen on calibration images.
// node --conditions=tersor/source --import tsx bench/weights/calibrated.ts CONFIG.yaml [--quantizers
// linear,kmeans]
//     [--bits 8,6,5,4,3] [--images 300] [--points 24] [--inputs 512] [--seed 1] [--split test]
// [--activations 8] [--name NAME] CONFIG names model, data set and backend, as that of `tersor compress`
// does. Writes results/NAME.json row by row; rows of other quantizers or bit widths that it has of the same
// settings stay.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { accuracyOf, calibrateActivations, type ActivationPolicy } from '@tersor/network';
import {
  encodeGraph,
  packModel,
  prepareCalibration,
  withEncodedWeights,
  withPolicyActivations,
} from '@tersor/compression';
import { describeMachine, type LayerGraph, type Quantizer, type Split } from '@tersor/core';
import { KmeansQuantizer } from '../../plugins/quantizer-kmeans/src/index.js';
import { LinearQuantizer } from '../../plugins/quantizer-linear/src/index.js';
import { openNetwork } from './open-network.js';

const ROOT = resolve(__dirname, '../..');

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quantizers: { type: 'string', default: 'linear,kmeans' },
    bits: { type: 'string', default: '8,6,5,4,3' },
    images: { type: 'string', default: '300' },
    points: { type: 'string', default: '24' },
    inputs: { type: 'string', default: '512' },
    seed: { type: 'string', default: '1' },
    split: { type: 'string', default: 'test' },
    activations: { type: 'string' },
    name: { type: 'string' },
  },
});

interface Measured {
  readonly accuracy: number;
  readonly divergence: number;
}

interface Row {
  readonly quantizer: string;
  readonly bits: number;
  /** Right answers of all, 0..1, and the mean KL divergence of the outputs from the original's, in nats. */
  readonly nearest: Measured;
  readonly meansOnly: Measured;
  readonly searched: Measured;
  readonly calibrated: Measured;
  readonly bytes: Readonly<Record<'nearest' | 'searched' | 'calibrated', number>>;
  readonly seconds: { readonly gather: number; readonly finish: number };
}

async function main(): Promise<void> {
  const path = resolve(positionals[0] ?? join(ROOT, 'examples/vgg-small/quantize.yaml'));
  const seed = Number(options.seed);
  const split = options.split as Split;
  const { model, backendName, backend, dataset, graph, layers, labels, outputsOf, close } = await openNetwork(
    path,
    split,
    seed,
  );
  const count = labels.length;
  const calibrate = {
    images: Number(options.images),
    points: Number(options.points),
    maximumInputs: Number(options.inputs),
  };
  const width = options.activations === undefined ? undefined : Number(options.activations);
  const settings = {
    config: relative(ROOT, path),
    model: relative(ROOT, model),
    split,
    images: count,
    calibrate,
    seed,
    ...(width && { activations: width }),
    backend: backendName,
    machine: describeMachine(),
    node: process.version,
    tfjs: '4.22.0',
  };
  const original = await outputsOf(graph);
  const accuracy = accuracyOf(original, labels);
  console.log(`float ${percent(accuracy)} on ${count} images`);
  const name = options.name ?? basename(path, '.yaml');
  const file = join(__dirname, `results/${name}.json`);
  const before = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { settings: unknown; rows: Row[] })
    : undefined;
  const isSame =
    (before as { accuracy?: number } | undefined)?.accuracy === accuracy &&
    isDeepStrictEqual(before?.settings, settings);
  const rows = new Map((isSame ? before!.rows : []).map((row) => [`${row.quantizer} ${row.bits}`, row]));
  const ranges =
    width &&
    (await calibrateActivations({
      graph,
      layers,
      dataset,
      backend,
      seed,
      options: { bits: [width, width], calibrate: 'mse', percentile: 99.9, images: 256 },
    }));
  const activations: ActivationPolicy | undefined = ranges
    ? Object.fromEntries(layers.map((layer) => [layer, { bits: width!, ...ranges[layer]![width!]! }]))
    : undefined;
  const makers: Record<string, () => Quantizer> = {
    linear: () =>
      new LinearQuantizer({ scheme: 'symmetric', granularity: 'channel', scale: 'mse', calibrate }),
    kmeans: () => new KmeansQuantizer({ granularity: 'tensor', iterations: 50, calibrate }, seed),
  };
  for (const id of options.quantizers.split(',')) {
    const quantizer = makers[id]!();
    const started = performance.now();
    const calibration = (await prepareCalibration({
      graph,
      layers,
      quantizer,
      dataset,
      backend,
      seed,
    }))!;
    const gather = (performance.now() - started) / 1000;
    for (const bits of options.bits.split(',').map(Number)) {
      const weights = Object.fromEntries(layers.map((layer) => [layer, bits]));
      const policy = { weights, ...(activations && { activations }) };
      const nearest = encodeGraph(quantizer, graph, weights);
      const rounded = withEncodedWeights(graph, nearest);
      const searched = encodeGraph(calibration.quantizer, graph, weights);
      const begun = performance.now();
      const finished = await calibration.finish(policy, Infinity);
      const finish = (performance.now() - begun) / 1000;
      const measure = async (network: LayerGraph): Promise<Measured> => {
        const outputs = await outputsOf(withPolicyActivations(network, policy));
        return { accuracy: accuracyOf(outputs, labels), divergence: divergence(original, outputs, count) };
      };
      const row: Row = {
        quantizer: id,
        bits,
        nearest: await measure(rounded),
        meansOnly: await measure(calibration.correct(rounded)),
        searched: await measure(calibration.correct(withEncodedWeights(graph, searched))),
        calibrated: await measure(finished.graph),
        bytes: {
          nearest: packModel(graph, nearest).length,
          searched: packModel(graph, searched).length,
          calibrated: packModel(finished.graph, finished.encoded).length,
        },
        seconds: { gather, finish },
      };
      rows.set(`${id} ${bits}`, row);
      console.log(
        `${id} ${bits} bits: nearest ${told(row.nearest)}, means ${told(row.meansOnly)}, ` +
          `searched ${told(row.searched)}, calibrated ${told(row.calibrated)}; ` +
          `bytes ${Object.values(row.bytes).join(' ')}; ${gather.toFixed(1)} s + ${finish.toFixed(1)} s`,
      );
      const json = { settings, accuracy, rows: [...rows.values()] };
      writeFileSync(file, `${JSON.stringify(json, undefined, 1)}\n`);
    }
  }
  await close();
}

function told({ accuracy, divergence }: Measured): string {
  return `${percent(accuracy)} (${divergence.toFixed(3)})`;
}

/** Mean over the images of the KL divergence from one network's probabilities to another's. */
function divergence(original: Float32Array, outputs: Float32Array, count: number): number {
  const floor = 1e-8;
  let sum = 0;
  original.forEach((p, i) => {
    if (p > 0) sum += p * Math.log(Math.max(p, floor) / Math.max(outputs[i]!, floor));
  });
  return sum / count;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}

void main();

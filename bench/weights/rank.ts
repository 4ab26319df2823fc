// Do the cheap candidates of a search and the calibrated networks that would come out of them go in the same
// order? Bit widths are drawn that take as many bytes as one for all layers, around this one or around those
// of the heuristic `reconstruction`, its own the first; each policy is carried out both ways: codes chosen
// once for the original's inputs with the means corrected, as a search measures it, and the pass over the
// network that the winner gets.
// node --conditions=tersor/source --import tsx bench/weights/rank.ts [CONFIG.yaml] [--bits 4] [--policies 16]
//     [--around-heuristic] [--spread 1.5] [--quantizer linear] [--seed 1] [--name NAME]
// CONFIG names model, data set and backend, as that of `tersor compress` does; validation images are
// measured. Writes results/rank.json policy by policy; those that it has of the same settings are not run
// again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { encodeGraph, packModel, prepareCalibration } from '@tersor/compression';
import { createRandom, describeMachine, type Random } from '@tersor/core';
import kmeans, { KmeansQuantizer } from '../../plugins/quantizer-kmeans/src/index.js';
import linear, { LinearQuantizer } from '../../plugins/quantizer-linear/src/index.js';
import { bitQuestion, bytesOf, FEWEST, MOST, sizesOf } from './bit-question.js';
import { createMeasure, type BothWays, type Measured } from './measure-bits.js';
import { openNetwork } from './open-network.js';

const ROOT = resolve(__dirname, '../..');
const FILE = join(__dirname, 'results/rank.json');

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    bits: { type: 'string', default: '4' },
    policies: { type: 'string', default: '16' },
    'around-heuristic': { type: 'boolean', default: false },
    spread: { type: 'string', default: '1.5' },
    quantizer: { type: 'string', default: 'linear' },
    seed: { type: 'string', default: '1' },
    name: { type: 'string' },
  },
});

interface Row extends BothWays {
  readonly bits: readonly number[];
  readonly bytes: number;
}

interface Result {
  readonly settings: unknown;
  readonly correlation: { readonly divergence: number; readonly accuracy: number };
  readonly rows: readonly Row[];
}

async function main(): Promise<void> {
  const path = resolve(positionals[0] ?? join(ROOT, 'examples/vgg-small/quantize.yaml'));
  const seed = Number(options.seed);
  const name = [options.name ?? basename(path, '.yaml'), options.quantizer, options.bits].join('-');
  const network = await openNetwork(path, 'validation', seed);
  const { backendName, backend, dataset, graph, layers, labels } = network;
  const isAround = options['around-heuristic'];
  const calibrate = isAround ? { weights: 'probed' } : {};
  const settings = {
    config: relative(ROOT, path),
    quantizer: options.quantizer,
    bits: Number(options.bits),
    ...(isAround && { around: 'reconstruction', spread: Number(options.spread) }),
    images: labels.length,
    seed,
    backend: backendName,
    machine: describeMachine(),
    node: process.version,
  };
  const quantizer =
    options.quantizer === 'kmeans'
      ? new KmeansQuantizer(kmeans.options.parse({ calibrate }), seed)
      : new LinearQuantizer(linear.options.parse({ calibrate }));
  const calibration = (await prepareCalibration({ graph, layers, quantizer, dataset, backend, seed }))!;
  const encodedAt = (bits: readonly number[]) =>
    encodeGraph(
      calibration.quantizer,
      graph,
      Object.fromEntries(layers.map((layer, i) => [layer, bits[i]!])),
    );
  const measure = await createMeasure(network, calibration);
  const sizes = sizesOf(network, calibration);
  const uniform = layers.map(() => Number(options.bits));
  const room = bytesOf(sizes, uniform);
  const reference =
    isAround &&
    (await calibration.quantizer.heuristics!['reconstruction']!(bitQuestion(network, sizes, room)));
  const random = createRandom(seed, 'policies');
  for (let policy = 0; policy < Number(options.policies); policy++) {
    const bits = reference && policy === 0 ? reference : drawBits(sizes, room, reference || uniform, random);
    const known = readResults()[name];
    const rows = known && isDeepStrictEqual(known.settings, settings) ? known.rows : [];
    if (rows.some((row) => isDeepStrictEqual(row.bits, bits))) continue;
    const row: Row = {
      bits,
      bytes: packModel(graph, encodedAt(bits)).length,
      ...(await measure(bits)),
    };
    console.log(name, JSON.stringify(row));
    const all = [...rows, row];
    const between = (figure: keyof Measured) =>
      rankCorrelation(
        all.map(({ searched }) => searched[figure]),
        all.map(({ calibrated }) => calibrated[figure]),
      );
    const result: Result = {
      settings,
      correlation: { divergence: between('divergence'), accuracy: between('accuracy') },
      rows: all,
    };
    writeFileSync(FILE, `${JSON.stringify({ ...readResults(), [name]: result }, undefined, 1)}\n`);
  }
  await network.close();
}

function readResults(): Partial<Record<string, Result>> {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Result>) : {};
}

/** Bits around these, made fewer and then more at random until nothing fits. */
function drawBits(
  sizes: readonly (readonly number[])[],
  room: number,
  middle: readonly number[],
  random: Random,
): number[] {
  const spread = Number(options.spread);
  const bits = middle.map((each) =>
    Math.min(MOST, Math.max(FEWEST, Math.round(each + spread * random.normal()))),
  );
  const used = () => bytesOf(sizes, bits);
  while (used() > room) {
    const at = random.integer(bits.length);
    if (bits[at]! > FEWEST) bits[at]!--;
  }
  for (const at of random.permutation(bits.length)) {
    while (bits[at]! < MOST) {
      bits[at]!++;
      if (used() <= room) continue;
      bits[at]!--;
      break;
    }
  }
  return bits;
}

/** Spearman's: the correlation of the ranks; equal values share theirs. */
function rankCorrelation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [ranks(a), ranks(b)];
  const mean = (a.length - 1) / 2;
  const product = (u: readonly number[], v: readonly number[]) =>
    u.reduce((sum, rank, i) => sum + (rank - mean) * (v[i]! - mean), 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

function ranks(values: readonly number[]): number[] {
  return values.map(
    (value) =>
      values.filter((each) => each < value).length + (values.filter((each) => each === value).length - 1) / 2,
  );
}

void main();

// What do the bits with the least sum of errors, which are the heuristic's, gain over greedy ones? Both are
// given the room of so many bits in all layers (2.5: half way between the bytes of 2 and 3), and compared by
// that sum; at the measured budgets also by the outputs on the validation images, with the codes of a search
// and after the pass over the winner.
// node --conditions=tersor/source --import tsx bench/weights/allocation.ts CONFIG.yaml [--weights probed]
//     [--budgets 2.5,3,3.5,4,4.5,5,6] [--measured 3,4] [--bops 0.11] [--seed 1] [--name NAME]
// With --bops, bit operations are limited, too: to this share of the float network's.
// CONFIG names model, data set and backend, as that of `tersor compress` does. Writes results/allocation.json
// budget by budget; those that it has of the same settings are not run again.
import { basename, join, relative, resolve } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { prepareCalibration } from '@tersor/compression';
import { describeMachine, type BitQuestion } from '@tersor/core';
import { bitOperations } from '@tersor/network';
import {
  bitsByErrorPerByte,
  leastErrorBits,
} from '../../packages/compression/src/environments/least-error-bits.js';
import linear, { LinearQuantizer } from '../../plugins/quantizer-linear/src/index.js';
import { addFlatRow, readFlatRows } from '../flat-rows.js';
import { bitQuestion, bytesOf, FEWEST, MOST, sizesOf } from './bit-question.js';
import { bestPrices, leastPossible } from '../../packages/compression/src/environments/knapsack.js';
import { createMeasure, type BothWays } from './measure-bits.js';
import { openNetwork, type OpenNetwork } from './open-network.js';

const ROOT = resolve(__dirname, '../..');
/** The default. */
const PROBE_IMAGES = 50;
const FILE = join(__dirname, 'results/allocation.json');

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    weights: { type: 'string', default: 'probed' },
    budgets: { type: 'string', default: '2.5,3,3.5,4,4.5,5,6' },
    measured: { type: 'string', default: '3,4' },
    bops: { type: 'string' },
    seed: { type: 'string', default: '1' },
    name: { type: 'string' },
  },
});

interface Allocation extends Partial<BothWays> {
  readonly bits: readonly number[];
  readonly bytes: number;
  /** Sum over the layers, which both keep small. */
  readonly error: number;
}

interface Row {
  readonly network: string;
  readonly settings: unknown;
  /** The same for all layers, whose bytes are the room. */
  readonly budget: number;
  readonly room: number;
  readonly greedy: Allocation;
  readonly exact: Allocation;
  /** How much more the greedy one has than the exact one, as a share of that. */
  readonly gap: number;
  /** No bits that fit have a smaller sum of errors, by the Lagrange multiplier of the room. */
  readonly bound: number;
  readonly milliseconds: { readonly greedy: number; readonly exact: number };
}

async function main(): Promise<void> {
  const path = resolve(positionals[0] ?? join(ROOT, 'examples/vgg-small/quantize.yaml'));
  const name = options.name ?? basename(path, '.yaml');
  const seed = Number(options.seed);
  const network = await openNetwork(path, 'validation', seed);
  const { graph, layers, dataset, backend } = network;
  const settings = {
    config: relative(ROOT, path),
    model: relative(ROOT, network.model),
    weights: options.weights,
    ...(options.weights === 'probed' && { probeImages: PROBE_IMAGES }),
    ...(options.bops !== undefined && { bops: Number(options.bops) }),
    images: network.labels.length,
    seed,
    backend: network.backendName,
    machine: describeMachine(),
    node: process.version,
  };
  const quantizer = new LinearQuantizer(
    linear.options.parse({ calibrate: { weights: options.weights, probeImages: PROBE_IMAGES } }),
  );
  const calibration = (await prepareCalibration({ graph, layers, quantizer, dataset, backend, seed }))!;
  const sizes = sizesOf(network, calibration);
  const measure = await createMeasure(network, calibration);
  const measured = options.measured.split(',').map(Number);
  for (const budget of options.budgets.split(',').map(Number)) {
    if (
      readFlatRows<Row>(FILE).some(
        (row) => row.budget === budget && isDeepStrictEqual(row.settings, settings),
      )
    )
      continue;
    const room = roomOf(budget, sizes);
    const bytes = bitQuestion(network, sizes, room);
    const question =
      options.bops === undefined ? bytes : withOperations(bytes, network, Number(options.bops));
    const errorOf = await calibration.errors(question);
    const allocation = (bits: readonly number[]): Allocation => ({
      bits,
      bytes: bytesOf(sizes, bits),
      error: bits.reduce((sum, each, layer) => sum + errorOf(layer, each), 0),
    });
    const choices = sizes.map((size, layer) =>
      size.slice(FEWEST).map((bytes, i) => ({ sizes: [bytes], error: errorOf(layer, FEWEST + i) })),
    );
    const started = performance.now();
    let greedy = allocation(bitsByErrorPerByte(question, errorOf));
    const between = performance.now();
    const least = leastErrorBits(question, errorOf);
    const ended = performance.now();
    const isGreedy = isDeepStrictEqual(least, greedy.bits);
    let exact = isGreedy ? greedy : allocation(least);
    const gap = greedy.error / exact.error - 1;
    if (measured.includes(budget)) {
      greedy = { ...greedy, ...(await measure(greedy.bits)) };
      exact = isGreedy ? greedy : { ...exact, ...(await measure(exact.bits)) };
    }
    const row: Row = {
      network: name,
      settings,
      budget,
      room,
      greedy,
      exact,
      gap,
      bound: leastPossible(choices, [room], bestPrices(choices, [room], greedy.error)),
      milliseconds: { greedy: between - started, exact: ended - between },
    };
    console.log(name, JSON.stringify(row));
    addFlatRow(FILE, row);
  }
  await network.close();
}

/** The question with a limit on bit operations besides, as a share of those of the float network. */
function withOperations(question: BitQuestion, { graph, layers }: OpenNetwork, share: number): BitQuestion {
  const limit = share * bitOperations(graph, () => ({}));
  const of = (bits: readonly number[]) =>
    bitOperations(graph, (name) => {
      const layer = layers.indexOf(name);
      return layer < 0 ? {} : { weights: bits[layer] };
    });
  return {
    ...question,
    limits: [...question.limits, { name: 'bops', limit, of }],
    used: (bits) => Math.max(question.used(bits), of(bits) / limit),
    fits: (bits) => question.fits(bits) && of(bits) <= limit,
  };
}

/** Bytes of so many bits in all layers. */
function roomOf(budget: number, sizes: readonly (readonly number[])[]): number {
  const whole = Math.min(MOST - 1, Math.floor(budget));
  const [low, high] = [whole, whole + 1].map((bits) => bytesOf(sizes, Array(sizes.length).fill(bits)));
  return Math.round(low! + (budget - whole) * (high! - low!));
}

void main();

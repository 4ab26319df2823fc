import type { GraphLayer } from '@tersor/core';
import type { Consumer } from './consumers.js';
import { createKnownRefits, type KnownRefits } from './known-refits.js';

const CHANNELS = 6;
const OUTPUTS = 3;
const TAPS = 2;
const consumer: Consumer = {
  layer: 'reader',
  weight: 'kernel',
  taps: TAPS,
  channels: CHANNELS,
  outputs: OUTPUTS,
  groups: 1,
  calls: [0],
};
const kernel = Float32Array.from({ length: TAPS * CHANNELS * OUTPUTS }, (_, i) => i);
const layers: GraphLayer[] = [
  {
    name: 'reader',
    className: 'Conv1D',
    config: {},
    weights: [{ name: 'kernel', shape: [TAPS, CHANNELS, OUTPUTS], data: kernel, trainable: true }],
  },
];

/** Asks for the refit to a loss; how often it was computed. */
function counted(known: KnownRefits, whole = kernel) {
  const made: string[] = [];
  const ask = (removed: readonly number[]) =>
    known.of(consumer, whole, removed, () => {
      made.push(removed.join());
      const gone = new Set(removed);
      // Rows of inputs that go stay as they were, as those of a refit do.
      const rows = whole.map((value, i) =>
        gone.has(Math.floor(i / OUTPUTS) % CHANNELS) ? value : value * 1.25 + removed.length,
      );
      return { kernel: rows, offset: Float64Array.from({ length: OUTPUTS }, (_, i) => i / 3) };
    });
  return { ask, made };
}

test('a loss that comes up again is not refit again, and gives the same values', () => {
  const { ask, made } = counted(createKnownRefits(layers));
  const first = ask([1, 4]);
  const other = ask([1, 2, 4]);
  expect(ask([1, 4])).toEqual(first);
  expect(ask([1, 2, 4])).toEqual(other);
  expect(made).toEqual(['1,4', '1,2,4']);
  expect(other).not.toEqual(first);
});

test('what was given may be written to', () => {
  const { ask } = counted(createKnownRefits(layers));
  const expected = ask([0]).kernel.slice();
  ask([0]).kernel.fill(9);
  expect(ask([0]).kernel).toEqual(expected);
});

test('a kernel that another pruner has changed is refit each time', () => {
  const { ask, made } = counted(createKnownRefits(layers), kernel.slice());
  ask([2]);
  ask([2]);
  expect(made).toEqual(['2', '2']);
});

test('the refit that was asked for the longest time ago is forgotten first', () => {
  /** Of one lost channel: the rows that stay and the offset. */
  const size = 4 * TAPS * (CHANNELS - 1) * OUTPUTS + 8 * OUTPUTS;
  const { ask, made } = counted(createKnownRefits(layers, 2 * size));
  ask([0]);
  ask([1]);
  ask([0]);
  ask([2]);
  ask([0]);
  expect(made).toEqual(['0', '1', '2']);
  ask([1]);
  expect(made).toEqual(['0', '1', '2', '1']);
});

import type { GraphLayer } from '@tersor/core';
import type { Consumer } from './consumers.js';

/** What a refit leaves of a layer. */
export interface LayerRefit {
  /** The whole kernel; rows of inputs that go are as they were. */
  readonly kernel: Float32Array;
  /** Added to each output. */
  readonly offset: Float64Array;
}

/** A refit as it is kept: the rows of the inputs that stay, one kernel position after the other. */
interface Kept {
  readonly rows: Float32Array;
  readonly offset: Float64Array;
}

/**
 * Refits of a network's layers that have come up. Candidates of a search are near each other, and most of
 * their layers lose the same inputs as those of an earlier one did; the refit of a layer depends on nothing
 * else.
 */
export interface KnownRefits {
  /**
   * The refit of a layer to the loss of these input channels: the same values, to the last bit, whether it
   * was known or not. Only refits of the network's own kernel are kept, not of one that another pruner has
   * changed.
   */
  of(
    consumer: Consumer,
    kernel: Float32Array,
    removed: readonly number[],
    make: () => LayerRefit,
  ): LayerRefit;
}

/** Keeps refits in at most so many bytes; the one that was asked for the longest time ago goes first. */
export function createKnownRefits(layers: readonly GraphLayer[], bytes = 128 * 2 ** 20): KnownRefits {
  const kernels = new Set(layers.flatMap(({ weights }) => weights.map(({ data }) => data)));
  // A map lists its keys in the order in which they came: what is used is taken out and put in again.
  const known = new Map<string, Kept>();
  let used = 0;
  const keep = (key: string, refit: Kept) => {
    known.set(key, refit);
    used += byteLengthOf(refit);
    for (const [oldest, each] of known) {
      if (used <= bytes) break;
      known.delete(oldest);
      used -= byteLengthOf(each);
    }
  };
  return {
    of: (consumer, kernel, removed, make) => {
      if (!kernels.has(kernel)) return make();
      const key = `${consumer.layer} ${removed.join()}`;
      const places = rowsThatStay(consumer, removed);
      const found = known.get(key);
      if (found) {
        known.delete(key);
        known.set(key, found);
        const whole = kernel.slice();
        places.forEach((row, i) =>
          whole.set(
            found.rows.subarray(i * consumer.outputs, (i + 1) * consumer.outputs),
            row * consumer.outputs,
          ),
        );
        return { kernel: whole, offset: found.offset };
      }
      const made = make();
      const rows = new Float32Array(places.length * consumer.outputs);
      places.forEach((row, i) =>
        rows.set(
          made.kernel.subarray(row * consumer.outputs, (row + 1) * consumer.outputs),
          i * consumer.outputs,
        ),
      );
      keep(key, { rows, offset: made.offset });
      return made;
    },
  };
}

const byteLengthOf = ({ rows, offset }: Kept) => rows.byteLength + offset.byteLength;

/** Rows of the kernel, taps x channels, of the inputs that stay. */
function rowsThatStay({ taps, channels }: Consumer, removed: readonly number[]): number[] {
  const gone = new Set(removed);
  return Array.from({ length: taps * channels }, (_, row) => row).filter((row) => !gone.has(row % channels));
}

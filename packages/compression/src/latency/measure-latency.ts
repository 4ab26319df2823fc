import type { Backend, LayerGraph } from '@tersor/core';
import { emptyGraph, sizeOf } from './site-graph.js';

/** How times are taken. */
export interface TimingOptions {
  /** Images of one run. */
  readonly images: number;
  /** Runs that the median is taken of. */
  readonly repeats: number;
}

/** Runs before the first that counts: workers start, code is compiled, memory is taken. */
const WARM_UP = 2;
/** Sizes at which the time in and out is measured; it is interpolated between them. */
const TRANSFER_SIZES = 6;

/** Median milliseconds for one image of a network in a session of the backend. The images hold made-up values. */
export async function medianLatency(backend: Backend, graph: LayerGraph, { images, repeats }: TimingOptions): Promise<number> {
  const session = await backend.compile(graph);
  try {
    const pixels = pattern(images * sizeOf(graph.calls[graph.inputs[0]!]!.outputShape));
    const times: number[] = [];
    for (let run = 0; run < WARM_UP + repeats; run++) {
      const started = performance.now();
      await session.run(pixels);
      if (run >= WARM_UP) times.push((performance.now() - started) / images);
    }
    return median(times);
  } finally {
    session.dispose();
  }
}

/**
 * Milliseconds for one image to bring `inputs` values into a session and `outputs` values out of it: half of what an empty network takes with
 * each, interpolated between sizes from `smallest` to `largest`.
 */
export async function measureTransfer(backend: Backend, smallest: number, largest: number, timing: TimingOptions): Promise<(inputs: number, outputs: number) => number> {
  const ratio = (largest / smallest) ** (1 / (TRANSFER_SIZES - 1));
  const sizes = [...new Set(Array.from({ length: TRANSFER_SIZES }, (_, i) => Math.round(smallest * ratio ** i)))];
  const times: number[] = [];
  for (const size of sizes) times.push(await medianLatency(backend, emptyGraph(size), timing));
  const timeOf = (size: number) => {
    const next = sizes.findIndex((each) => each > size);
    if (next <= 0) return next === 0 ? times[0]! : times.at(-1)!;
    const share = (size - sizes[next - 1]!) / (sizes[next]! - sizes[next - 1]!);
    return times[next - 1]! + share * (times[next]! - times[next - 1]!);
  };
  return (inputs, outputs) => (timeOf(inputs) + timeOf(outputs)) / 2;
}

/** Middle value; the mean of the two middle ones of an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
}

/** Values in [-1, 1) without zeros in a row. What they are does not matter: the kernels take the same time for any. */
function pattern(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => ((i * 7919) % 2000) / 1000 - 1);
}

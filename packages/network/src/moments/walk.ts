import type { LayerGraph } from '@tersor/core';
import { partOf } from '../observation/graph-part.js';

/** Runs a network for the results of some of its calls: `Backend.observe`. */
export type Observe = (
  graph: LayerGraph,
  calls: readonly number[],
) => Promise<{
  run(...inputs: readonly Float32Array[]): Promise<readonly Float32Array[]>;
  dispose(): void;
}>;

interface WalkOptions {
  readonly graph: LayerGraph;
  readonly observe: Observe;
  /** Batches of images; each as `Backend.observe` takes them. */
  readonly images: readonly Float32Array[];
  /** Bytes of results that may be kept on the way; 256 MiB when absent. */
  readonly memory?: number;
}

/** A network on its way through a set of images, from the front to the back. */
export interface Walk {
  /**
   * Results of calls, batch by batch (large ones in parts), in the order asked. Calls before those of an
   * earlier question can only be asked for again while nothing that was kept hides them.
   */
  read(calls: readonly number[]): AsyncGenerator<readonly Float32Array[]>;
  /** Goes on with other weights; those of layers that were passed no longer count. */
  setGraph(graph: LayerGraph): void;
}

/** Bytes that the results of one run should take at most. */
const RUN = 2 ** 27;

/**
 * Starts a walk. What lies before a call that all later ones go through (as each layer of a chain, and the
 * end of each residual block) is computed once: the results there are kept, as long as they fit in `memory`,
 * and the rest of the network goes on from them. So all layers' inputs together take about one pass. Batches
 * whose results would take more than 128 MiB are read in parts.
 */
export function startWalk({ graph: first, observe, images, memory = 2 ** 28 }: WalkOptions): Walk {
  let graph = first;
  const cuts = findCuts(graph);
  let from: number | undefined;
  let kept = images;
  async function* run(calls: readonly number[]): AsyncGenerator<readonly Float32Array[]> {
    const part = partOf(graph, from === undefined ? [] : [from], calls);
    const bytes = [...new Set(calls)].reduce((sum, call) => sum + 4 * (sizeOf(graph, call) ?? 0), 0);
    const sampleSize = sizeOf(graph, from ?? graph.inputs[0]!) ?? Infinity;
    const partSize = Math.max(1, Math.floor(RUN / Math.max(1, bytes))) * sampleSize;
    const session = await observe(part.graph, part.calls);
    try {
      for (const batch of kept)
        for (let at = 0; at < batch.length; at += partSize)
          yield await session.run(batch.subarray(at, at + partSize));
    } finally {
      session.dispose();
    }
  }
  const count = images.reduce((sum, batch) => sum + batch.length, 0) / (sizeOf(graph, graph.inputs[0]!) ?? 1);
  return {
    async *read(calls) {
      const next = cuts.findLast(
        (cut) =>
          cut <= Math.min(...calls) &&
          cut > (from ?? -1) &&
          4 * count * (sizeOf(graph, cut) ?? Infinity) <= memory,
      );
      if (next !== undefined && !graph.inputs.includes(next)) {
        const results: Float32Array[] = [];
        for await (const [result] of run([next])) results.push(result!);
        [kept, from] = [results, next];
      }
      yield* run(calls);
    },
    setGraph: (changed) => void (graph = changed),
  };
}

/** Calls that every path from the input to a later call goes through; none in a network of several inputs. */
function findCuts({ calls, inputs }: LayerGraph): number[] {
  if (inputs.length > 1) return [];
  const lastReaders = calls.map(() => -1);
  calls.forEach(({ inputs: read }, index) => read.forEach((input) => (lastReaders[input] = index)));
  let reach = -1;
  return calls.flatMap((_, index) => {
    // Of all calls before this one the last reader: it must not come after this one.
    const isCut = reach <= index;
    reach = Math.max(reach, lastReaders[index]!);
    return isCut ? [index] : [];
  });
}

/** Values of one sample; undefined where the model leaves a size open. */
function sizeOf({ calls }: LayerGraph, call: number): number | undefined {
  return calls[call]!.outputShape.reduce<number | undefined>(
    (product, size) => (product === undefined || size === undefined ? undefined : product * size),
    1,
  );
}

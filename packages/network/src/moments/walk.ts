import { elementCount, type LayerGraph } from '@tersor/core';
import { partOf } from '../observation/graph-part.js';

/** Prepares a network to return the results of some of its calls, like `Backend.observe`. */
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
  /** Batches of images, in the form of `Backend.observe`. */
  readonly images: readonly Float32Array[];
  /** Most bytes of intermediate results to keep; default 256 MiB. */
  readonly memory?: number;
}

/** Reads results of a network's calls for a set of images, from the front of the network to its back. */
export interface Walk {
  /**
   * Results of calls in the given order, batch by batch (large batches in parts). Read calls in the order of
   * the network: those before a kept result cannot be computed any more.
   */
  read(calls: readonly number[]): AsyncGenerator<readonly Float32Array[]>;
  /** Continues with other weights; changes to layers before a kept result have no effect. */
  setGraph(graph: LayerGraph): void;
}

/** Most bytes for the results of one run. */
const RUN = 2 ** 27;

/**
 * Starts a walk. At a call that all later ones depend on (each layer of a chain, the end of each residual
 * block), the results are kept if they fit in `memory`, and the rest of the network is computed from them.
 * Reading the inputs of all layers thus takes about as long as one pass. Batches whose results would take
 * more than 128 MiB are read in parts.
 */
export function startWalk({ graph: first, observe, images, memory = 2 ** 28 }: WalkOptions): Walk {
  let graph = first;
  const cuts = findCuts(graph);
  let from: number | undefined;
  let kept = images;
  async function* run(calls: readonly number[]): AsyncGenerator<readonly Float32Array[]> {
    const part = partOf(graph, from === undefined ? [] : [from], calls);
    const bytes = [...new Set(calls)].reduce((sum, call) => sum + 4 * (resultSize(graph, call) ?? 0), 0);
    const sampleSize = resultSize(graph, from ?? graph.inputs[0]!) ?? Infinity;
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
  const count =
    images.reduce((sum, batch) => sum + batch.length, 0) / (resultSize(graph, graph.inputs[0]!) ?? 1);
  return {
    async *read(calls) {
      const next = cuts.findLast(
        (cut) =>
          cut <= Math.min(...calls) &&
          cut > (from ?? -1) &&
          4 * count * (resultSize(graph, cut) ?? Infinity) <= memory,
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

/**
 * Calls that every path from the input to a later call passes through; none in a network with several inputs.
 */
function findCuts({ calls, inputs }: LayerGraph): number[] {
  if (inputs.length > 1) return [];
  const lastReaders = calls.map(() => -1);
  calls.forEach(({ inputs: read }, index) => read.forEach((input) => (lastReaders[input] = index)));
  let reach = -1;
  return calls.flatMap((_, index) => {
    // The last reader of all calls before this one must not come after it.
    const isCut = reach <= index;
    reach = Math.max(reach, lastReaders[index]!);
    return isCut ? [index] : [];
  });
}

/** Number of values of one sample; undefined if a size is open. */
function resultSize({ calls }: LayerGraph, call: number): number | undefined {
  return elementCount(calls[call]!.outputShape);
}

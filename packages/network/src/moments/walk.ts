import type { GraphLayer, LayerCall, LayerGraph } from '@tersor/core';

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
   * Results of calls, batch by batch, in the order asked. Calls before those of an earlier question can only
   * be asked for again while nothing that was kept hides them.
   */
  read(calls: readonly number[]): AsyncGenerator<readonly Float32Array[]>;
  /** Goes on with other weights; those of layers that were passed no longer count. */
  setGraph(graph: LayerGraph): void;
}

/**
 * Starts a walk. What lies before a call that all later ones go through (as each layer of a chain, and the
 * end of each residual block) is computed once: the results there are kept, as long as they fit in `memory`,
 * and the rest of the network goes on from them. So all layers' inputs together take about one pass.
 */
export function startWalk({ graph: first, observe, images, memory = 2 ** 28 }: WalkOptions): Walk {
  let graph = first;
  const cuts = findCuts(graph);
  let from: number | undefined;
  let kept = images;
  async function* run(calls: readonly number[]): AsyncGenerator<readonly Float32Array[]> {
    const part = partOf(graph, from, calls);
    const session = await observe(part.graph, part.calls);
    try {
      for (const batch of kept) yield await session.run(batch);
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
    // Of all calls before this one the last reader: it must not lie after this one.
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

/** The part of a network that leads from the result of a call (or its inputs) to some calls. */
function partOf(
  graph: LayerGraph,
  from: number | undefined,
  calls: readonly number[],
): { graph: LayerGraph; calls: number[] } {
  const needed = new Set(calls);
  for (let call = graph.calls.length - 1; call >= 0; call--)
    if (needed.has(call) && call !== from) graph.calls[call]!.inputs.forEach((input) => needed.add(input));
  if (from === undefined) graph.inputs.forEach((input) => needed.add(input));
  else needed.add(from);
  const places = new Map([...needed].sort((a, b) => a - b).map((call, place) => [call, place]));
  const names = new Set([...needed].filter((call) => call !== from).map((call) => graph.calls[call]!.layer));
  const layers = graph.layers.filter(({ name }) => names.has(name));
  const newCalls = [...places.keys()].map((call): LayerCall => {
    const { layer, inputs, outputShape } = graph.calls[call]!;
    return call === from
      ? { layer: KEPT, inputs: [], outputShape }
      : { layer, inputs: inputs.map((input) => places.get(input)!), outputShape };
  });
  const place = (call: number) => places.get(call)!;
  return {
    calls: calls.map(place),
    graph: {
      name: graph.name,
      layers: from === undefined ? layers : [inputLayer(graph.calls[from]!), ...layers],
      calls: newCalls,
      inputs: from === undefined ? graph.inputs.map(place) : [place(from)],
      outputs: [...new Set(calls)].map(place),
    },
  };
}

/** Name of the input that stands for what was kept. */
const KEPT = 'tersor/kept';

function inputLayer({ outputShape }: LayerCall): GraphLayer {
  return {
    name: KEPT,
    className: 'InputLayer',
    config: {
      name: KEPT,
      batch_input_shape: [null, ...outputShape],
      dtype: 'float32',
      sparse: false,
    },
    weights: [],
  };
}

import { isTersorError, type Backend, type LayerGraph } from '@tersor/core';
import { requireRule } from '../contract-failure.js';
import type { Case } from '../contract.js';
import { pruneContext } from '../pruner/pruner-fixture.js';
import { referenceResults } from '../reference-run.js';
import { requireClose, requireEqual } from '../require-close.js';

/** Runs a check on a new backend, where it is available, and disposes of it. */
type Using = (check: (backend: Backend) => Promise<void>) => Promise<void>;

/** The cases of `backendContract` that look inside of networks: those of `Backend.observe`. */
export function observationCases(using: Using): Case[] {
  return [
    {
      name: 'observed results are those of the requested calls, in their order',
      run: () =>
        using(async (backend) => {
          const { graph, images } = await observed(7);
          // The batch norm, the convolution that it could be folded into, a sum, the input, and the output.
          await requireObserved(backend, graph, [2, 1, 6, 0, 9], [images]);
        }),
    },
    {
      name: 'a network of several inputs can be observed',
      run: () =>
        using(async (backend) => {
          const { graph, images } = await observed(5);
          const [left, right] = observedBefore(graph, images);
          await requireObserved(backend, endOf(graph), [2, 4], [left, right]);
        }),
    },
    {
      name: 'observed results do not depend on how many images are passed at once',
      run: () =>
        using(async (backend) => {
          const { graph, images } = await observed(60);
          const session = await backend.observe(graph, [3, 9]);
          const size = images.length / 60;
          const all = await session.run(images);
          for (const at of [0, 31, 59]) {
            const single = await session.run(images.slice(at * size, (at + 1) * size));
            single.forEach((values, i) =>
              requireClose(
                'observe().run()',
                all[i]!.subarray(at * values.length, (at + 1) * values.length),
                values,
                1e-5,
              ),
            );
          }
          const none = await session.run(new Float32Array());
          requireRule(none.length === 2 && none.every(({ length }) => length === 0), {
            member: 'observe().run()',
            expected: 'two empty arrays for no images',
            found: `arrays of ${none.map(({ length }) => length).join(', ')} values`,
          });
          session.dispose();
        }),
    },
    {
      name: 'observations leave nothing behind',
      run: () =>
        using(async (backend) => {
          const { graph, images } = await observed(2);
          await backend.activate();
          const before = backend.memory().tensors;
          const session = await backend.observe(graph, [2, 7]);
          await session.run(images);
          const held = backend.memory().tensors;
          for (let i = 0; i < 20; i++) await session.run(images);
          requireEqual('memory() over 20 observations', backend.memory().tensors, held);
          session.dispose();
          session.dispose();
          requireEqual('memory() after dispose', backend.memory().tensors, before);
        }),
    },
    {
      name: 'a call that the network does not have is refused with MODEL_INVALID',
      run: () =>
        using(async (backend) => {
          const { graph } = pruneContext();
          const error = await backend.observe(graph, [graph.calls.length]).catch((reason: unknown) => reason);
          requireRule(isTersorError(error) && error.code === 'MODEL_INVALID', {
            member: 'observe()',
            expected: 'MODEL_INVALID',
            found: error instanceof Error ? error.message : 'a session',
          });
        }),
    },
  ];
}

async function requireObserved(
  backend: Backend,
  graph: LayerGraph,
  calls: readonly number[],
  inputs: readonly Float32Array[],
): Promise<void> {
  const session = await backend.observe(graph, calls);
  const found = await session.run(...inputs);
  requireEqual('observe().run() arrays', found.length, calls.length);
  calls.forEach((call, i) =>
    requireClose(
      `observe().run() of layer "${graph.calls[call]!.layer}"`,
      found[i]!,
      expectedResult(graph, inputs, call),
      1e-4,
    ),
  );
  session.dispose();
}

/** What a call gives for all samples, by plain loops. */
function expectedResult(graph: LayerGraph, inputs: readonly Float32Array[], call: number): number[] {
  const sizes = graph.inputs.map((input) => sizeOfCall(graph, input));
  return Array.from({ length: inputs[0]!.length / sizes[0]! }, (_, i) => {
    const sample = inputs.map((input, k) => input.subarray(i * sizes[k]!, (i + 1) * sizes[k]!));
    return [...referenceResults(graph, sample)[call]!];
  }).flat();
}

function sizeOfCall(graph: LayerGraph, call: number): number {
  return graph.calls[call]!.outputShape.reduce<number>((product, side) => product * side!, 1);
}

async function observed(count: number): Promise<{ graph: LayerGraph; images: Float32Array }> {
  const { graph, dataset } = pruneContext();
  const { images } = await dataset.read('train', [...Array(count).keys()]);
  return { graph, images };
}

/** What the sum of the fixture reads: the result of `relu`, and that of `second`. */
function observedBefore(graph: LayerGraph, images: Float32Array): [Float32Array, Float32Array] {
  return [
    Float32Array.from(expectedResult(graph, [images], 3)),
    Float32Array.from(expectedResult(graph, [images], 5)),
  ];
}

/**
 * The end of the fixture as a network of its own: two inputs, their sum, ReLU, and the mean of each channel.
 */
function endOf(graph: LayerGraph): LayerGraph {
  const shape = graph.calls[6]!.outputShape;
  const input = (name: string) => ({
    name,
    className: 'InputLayer',
    config: { name, batch_input_shape: [null, ...shape], dtype: 'float32', sparse: false },
    weights: [],
  });
  const end = ['sum', 'relu2', 'pool'].map((name) => graph.layers.find((layer) => layer.name === name)!);
  return {
    name: 'end',
    layers: [input('left'), input('right'), ...end],
    calls: [
      { layer: 'left', inputs: [], outputShape: shape },
      { layer: 'right', inputs: [], outputShape: shape },
      { layer: 'sum', inputs: [0, 1], outputShape: shape },
      { layer: 'relu2', inputs: [2], outputShape: shape },
      { layer: 'pool', inputs: [3], outputShape: graph.calls[8]!.outputShape },
    ],
    inputs: [0, 1],
    outputs: [4],
  };
}

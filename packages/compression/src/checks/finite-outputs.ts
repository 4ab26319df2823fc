import { firstNotFinite, TersorError, type Backend, type LayerGraph, type Precision } from '@tersor/core';
import { NOT_FINITE_HINT } from '@tersor/network';

interface Ran {
  readonly graph: LayerGraph;
  readonly backend: Backend;
  /** The images that gave the outputs. */
  readonly images: Float32Array;
  readonly count: number;
  readonly precision?: Precision | undefined;
}

/**
 * Throws `OUTPUTS_NOT_FINITE` when outputs hold NaN or an infinite value, and names the first layer that
 * gives one. That layer is looked for only then, with the one image: the good case costs a look at the
 * outputs.
 */
export async function requireFiniteOutputs(
  outputs: Float32Array,
  { graph, backend, images, count, precision }: Ran,
): Promise<void> {
  const at = firstNotFinite(outputs);
  if (at === undefined) return;
  const row = Math.floor((at * count) / outputs.length);
  const size = images.length / count;
  const layer = await firstLayerNotFinite(
    graph,
    backend,
    images.slice(row * size, (row + 1) * size),
    precision,
  );
  throw new TersorError(
    'OUTPUTS_NOT_FINITE',
    `The network "${graph.name}" gives ${outputs[at]}. ` +
      `The first layer whose output is not finite is ${layer}.`,
    { hint: NOT_FINITE_HINT },
  );
}

/**
 * Runs ever longer parts of the network. Which values are computed first depends on how a backend joins
 * layers, so each part runs as the whole did.
 */
async function firstLayerNotFinite(
  graph: LayerGraph,
  backend: Backend,
  image: Float32Array,
  precision: Precision | undefined,
): Promise<string> {
  const describe = (call: number) => {
    const { name, className } = graph.layers.find((layer) => layer.name === graph.calls[call]!.layer)!;
    return `"${name}" (${className})`;
  };
  for (const call of graph.calls.keys()) {
    if (graph.inputs.includes(call)) continue;
    const session = await backend.compile({ ...graph, outputs: [call] }, precision && { precision });
    try {
      if (firstNotFinite(await session.run(image)) !== undefined) return describe(call);
    } finally {
      session.dispose();
    }
  }
  return describe(graph.outputs[0]!);
}

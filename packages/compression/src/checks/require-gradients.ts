import { TersorError, type Backend, type LayerGraph } from '@tersor/core';

/**
 * Takes one training step, on an empty image, and forgets it: whether the backend can train this network is
 * known before a search of hours, and not at the fine-tune after it. Leaves the backend active. Throws
 * `TRAINING_UNSUPPORTED`, naming a layer that has no gradient, or `MODEL_UNSUPPORTED`.
 */
export async function requireGradients(backend: Backend, graph: LayerGraph): Promise<void> {
  if (!backend.capabilities.training) {
    throw new TersorError(
      'TRAINING_UNSUPPORTED',
      `The backend "${backend.id}" cannot train, but the config asks for fine-tuning or refinement.`,
      {
        hint: 'Set "backend: { train: wasm, evaluate: ... }", or "finetune.epochs" to 0 in both stages and leave "refine" out.',
      },
    );
  }
  await backend.activate();
  const session = await backend.compileTraining(graph, { labelSmoothing: 0, distill: 0, temperature: 1 });
  try {
    const size = graph.calls[graph.inputs[0]!]!.outputShape.reduce<number>(
      (product, length) => product * (length ?? 1),
      1,
    );
    const weights = graph.layers.flatMap((layer) => layer.weights.map(({ data }) => data));
    await session.step(weights, { images: new Float32Array(size), labels: new Int32Array(1), seed: 0 });
  } finally {
    session.dispose();
  }
}

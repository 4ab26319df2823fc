import type { Backend, LayerGraph, TrainingBatch, TrainingObjective, WeightTensor } from '@tersor/core';
import { requireRule } from '../contract-failure.js';
import { requireClose } from '../require-close.js';

/** What the contract trains for. */
export const OBJECTIVE: TrainingObjective = { labelSmoothing: 0.1, distill: 0, temperature: 1 };
/** What a weight is changed by: so little that hardly a maximum or a ReLU turns over. */
export const STEP_OF_DIFFERENCE = 1e-3;

/** Compares the gradient in the middle of every chosen weight with differences of the loss. */
export async function requireSlopes(
  backend: Backend,
  member: string,
  graph: LayerGraph,
  batch: TrainingBatch,
  isChosen: (weight: WeightTensor) => boolean,
): Promise<void> {
  const session = await backend.compileTraining(graph, OBJECTIVE);
  const weights = weightsOf(graph);
  const { updates, loss } = await session.step(weights, batch);
  requireRule(loss > 0.1, {
    member: `${member}.loss`,
    expected: 'the cross entropy of random weights',
    found: String(loss),
  });
  const [found, expected]: [number[], number[]] = [[], []];
  for (const [slot, weight] of graph.layers.flatMap((layer) => layer.weights).entries()) {
    if (!isChosen(weight)) continue;
    const at = weight.data.length >> 1;
    const lossAt = async (change: number) => {
      const changed = weights.map((values) => values.slice());
      changed[slot]![at]! += change;
      return (await session.step(changed, batch)).loss;
    };
    found.push(updates[slot]![at]!);
    expected.push(
      ((await lossAt(STEP_OF_DIFFERENCE)) - (await lossAt(-STEP_OF_DIFFERENCE))) / (2 * STEP_OF_DIFFERENCE),
    );
  }
  requireClose(`${member}.updates`, found, expected, 5e-3);
  session.dispose();
}

/** Copies of all weights, layer by layer. */
export function weightsOf(graph: LayerGraph): Float32Array[] {
  return graph.layers.flatMap((layer) => layer.weights.map(({ data }) => data.slice()));
}

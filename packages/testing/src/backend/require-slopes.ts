import type { Backend, LayerGraph, TrainingBatch, TrainingObjective, WeightTensor } from '@tersor/core';
import { requireRule } from '../contract-failure.js';
import { requireClose } from '../require-close.js';

/** What the contract trains for. */
export const OBJECTIVE: TrainingObjective = { labelSmoothing: 0.1, distill: 0, temperature: 1 };
/** Signs of the changes of weights one after the other: what cancels in one direction shows in the other. */
const DIRECTIONS: readonly (readonly number[])[] = [
  [1, 1],
  [1, -1],
];
/** What a weight is changed by: so little that hardly a maximum or a ReLU turns over. */
export const STEP_OF_DIFFERENCE = 4e-4;

/**
 * Compares the gradients in the middle of all chosen weights with differences of the loss: all are moved at
 * once, in two directions, since a software adapter takes a second for each step.
 */
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
  const chosen = graph.layers
    .flatMap((layer) => layer.weights)
    .flatMap((weight, slot) => (isChosen(weight) ? [{ slot, at: weight.data.length >> 1 }] : []));
  const [found, expected]: [number[], number[]] = [[], []];
  for (const signs of DIRECTIONS) {
    const lossAt = async (change: number) => {
      const changed = weights.map((values) => values.slice());
      for (const [i, { slot, at }] of chosen.entries()) changed[slot]![at]! += change * signs[i % 2]!;
      return (await session.step(changed, batch)).loss;
    };
    found.push(chosen.reduce((sum, { slot, at }, i) => sum + signs[i % 2]! * updates[slot]![at]!, 0));
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

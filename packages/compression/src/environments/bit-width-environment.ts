import type { Environment, LayerBits, QuantizeTask } from '@tersor/core';
import { createBitActions } from './bit-actions.js';
import { createBitChoices } from './bit-choices.js';
import { createBitOutcomes } from './bit-outcomes.js';
import { activationBits } from './bit-walls.js';
import { layerFeatures } from './layer-features.js';
import { stepByStep } from './step-by-step.js';

/**
 * Chooses the bits of each layer, one step per layer (HAQ, section 3).
 *
 * Observation, 10 numbers in 0..1: depthwise or not; input channels; output channels; stride; kernel size;
 * weight count; output area; layer index (each min-max normalised over the layers); what the limit leaves
 * for this layer beyond its fewest bits, as a share of its most (one number for each limit, in their order);
 * previous action. With a range of activation bits, the previous action is two numbers.
 *
 * Action: see `createBitActions`; with a range of activation bits (`task.activations`) it chooses the bits of
 * the layer's input too. The limits are walls: with the layers ahead at their fewest bits, a step takes the
 * most bits at or below the proposed ones that still fit. Throws `BUDGET_INFEASIBLE` when even the fewest do
 * not.
 */
export function createBitWidthEnvironment(task: QuantizeTask): Environment {
  const choices = createBitChoices(task);
  const { layers, walls } = choices;
  const actions = createBitActions(task.bits, activationBits(task), task.discrete);
  const features = layerFeatures(task.graph, layers);
  const size = features[0]!.length + walls.limits.length + actions.choices;

  const observe = (chosen: readonly LayerBits[]): number[] => {
    const previous =
      chosen.length === 0 ? Array<number>(actions.choices).fill(1) : actions.shares(chosen.at(-1)!);
    return [...features[Math.min(chosen.length, layers.length - 1)]!, ...walls.spare(chosen), ...previous];
  };
  return {
    observationSpace: { type: 'box', low: Array<number>(size).fill(0), high: Array<number>(size).fill(1) },
    actionSpace: actions.space,
    maxSteps: layers.length,
    ...stepByStep<LayerBits>({
      name: 'bit-width',
      count: layers.length,
      choose: (action, chosen) => {
        const choice = walls.lower(actions.toBits(action), chosen);
        return { choice, executed: actions.executed(action, choice) };
      },
      observe,
      finish: createBitOutcomes(task, choices),
    }),
    heuristics: Object.fromEntries(
      Object.entries(choices.heuristics).map(([name, heuristic]) => [
        name,
        async () => (await heuristic()).map(actions.toAction),
      ]),
    ),
  };
}

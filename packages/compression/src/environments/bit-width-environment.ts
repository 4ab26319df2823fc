import {
  TersorError,
  type Environment,
  type GraphLayer,
  type LayerBits,
  type LayerGraph,
  type QuantizeTask,
  type StepResult,
} from '@tersor/core';
import { cost, isKernel } from '@tersor/network';
import { packModel } from '../pack/pack-model.js';
import { withEncodedWeights, type EncodedWeights } from '../policy/quantized-graph.js';
import { operationsOfPolicy, withPolicyActivations, type QuantizePolicy } from '../policy/quantize-policy.js';
import { furtherFigures } from '../limits/figures.js';
import { createBitActions } from './bit-actions.js';
import { bitQuestion, greedyBits, uniformBits } from './bit-heuristics.js';
import { activationBits, createBitWalls } from './bit-walls.js';
import { createLayerCodes } from './layer-codes.js';
import { normalizeColumns } from './observation.js';
import { pluginHeuristics } from './plugin-heuristics.js';

const LAYER_FEATURES = 8;

interface Outcome {
  readonly reward: number;
  readonly measures: Readonly<Record<string, number>>;
}

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
  const { graph } = task;
  const layers = task.layers.map((name) => graph.layers.find((layer) => layer.name === name)!);
  const codes = createLayerCodes(task.quantizer);
  const encodedAt = (bits: readonly LayerBits[]): EncodedWeights =>
    new Map(layers.flatMap((layer, i) => [...codes.encode(layer, bits[i]!.weights)]));
  const actions = createBitActions(task.bits, activationBits(task), task.discrete);
  const walls = createBitWalls(task, layers, codes, encodedAt);
  const features = normalizeColumns(layers.map((layer, index) => layerFeatures(graph, layer, index)));
  const outcomes = new Map<string, Outcome>();
  let chosen: LayerBits[] = [];
  let active = false;

  const observe = (): number[] => {
    const previous =
      chosen.length === 0 ? Array<number>(actions.choices).fill(1) : actions.shares(chosen.at(-1)!);
    return [...features[Math.min(chosen.length, layers.length - 1)]!, ...walls.spare(chosen), ...previous];
  };
  const uniform = () => uniformBits(layers, task.bits, activationBits(task), walls);
  const finish = async (policy: QuantizePolicy): Promise<Outcome> => {
    const key = chosen.map(({ weights, activations }) => `${weights}x${activations}`).join();
    const known = outcomes.get(key);
    if (known) return known;
    const encoded = encodedAt(chosen);
    const candidate = withEncodedWeights(graph, encoded, codes.decode);
    const { macs, parameters } = cost(candidate);
    const used = Object.fromEntries(walls.limits.map(({ name, of }) => [name, of(chosen)]));
    const costs = {
      macs,
      parameters,
      bytes: packModel(graph, encoded).length,
      ...(policy.activations && { bops: operationsOfPolicy(graph, policy) }),
    };
    const measured = { ...costs, ...furtherFigures(used, costs) };
    const rewardAt = (accuracy: number) =>
      task.reward.evaluate({ accuracy, ...measured, limits: used, baseline: task.baseline });
    const accuracy = await task.evaluate(withPolicyActivations(candidate, policy), {
      policy: writtenPolicy(policy),
      rewardAt,
    });
    const outcome = { reward: rewardAt(accuracy), measures: { accuracy, ...measured } };
    outcomes.set(key, outcome);
    return outcome;
  };
  const size = LAYER_FEATURES + walls.limits.length + actions.choices;

  return {
    observationSpace: { type: 'box', low: Array<number>(size).fill(0), high: Array<number>(size).fill(1) },
    actionSpace: actions.space,
    maxSteps: layers.length,
    reset: async () => {
      chosen = [];
      active = true;
      return { observation: observe() };
    },
    step: async (action): Promise<StepResult> => {
      if (!active)
        throw new TersorError(
          'EPISODE_OVER',
          'The bit-width environment was stepped outside of an episode; call reset first.',
        );
      const bits = walls.lower(actions.toBits(action), chosen);
      const executed = actions.executed(action, bits);
      chosen = [...chosen, bits];
      const terminated = chosen.length === layers.length;
      if (!terminated)
        return { observation: observe(), reward: 0, terminated, truncated: false, info: { executed } };
      active = false;
      const policy = policyOf(task, chosen);
      const { reward, measures } = await finish(policy);
      return {
        observation: observe(),
        reward,
        terminated,
        truncated: false,
        info: { executed, measures, policy: writtenPolicy(policy) },
      };
    },
    heuristics: {
      uniform: async () => uniform().map(actions.toAction),
      magnitude: async () =>
        greedyBits(layers, task.bits, uniform()[0]!.activations, walls, codes).map(actions.toAction),
      ...Object.fromEntries(
        [...pluginHeuristics([task.quantizer])].map(([name, heuristic]) => [
          name,
          async () => {
            const { activations } = uniform()[0]!;
            const bits = await heuristic(bitQuestion(layers, task.bits, activations, walls, codes));
            return bits.map((weights) => actions.toAction({ weights, activations }));
          },
        ]),
      ),
    },
  };
}

function policyOf({ layers, activations }: QuantizeTask, chosen: readonly LayerBits[]): QuantizePolicy {
  const byLayer = <T>(value: (name: string, bits: LayerBits) => T): Record<string, T> =>
    Object.fromEntries(layers.map((name, i) => [name, value(name, chosen[i]!)]));
  const weights = byLayer((_name, layerBits) => layerBits.weights);
  if (!activations) return { weights };
  return {
    weights,
    activations: byLayer((name, { activations: bits }) => ({ bits, ...activations.ranges[name]![bits]! })),
  };
}

/** Without rounded activations the policy is the weights' bits alone. */
function writtenPolicy(policy: QuantizePolicy): unknown {
  return policy.activations ? policy : policy.weights;
}

function layerFeatures(graph: LayerGraph, layer: GraphLayer, index: number): number[] {
  const kernel = layer.weights.find(isKernel)!;
  const { outputShape } = graph.calls.find((call) => call.layer === layer.name)!;
  const area = outputShape.slice(0, -1).reduce<number>((product, size) => product * (size ?? 1), 1);
  const strides = layer.config['strides'];
  const [window, channels] =
    kernel.shape.length === 4 ? [kernel.shape[0]!, kernel.shape[2]!] : [1, kernel.shape[0]!];
  const depthwise = Number(kernel.name === 'depthwise_kernel');
  return [
    depthwise,
    channels,
    kernel.shape.at(-1)!,
    Array.isArray(strides) ? Number(strides[0]) : 1,
    window,
    kernel.data.length,
    area,
    index,
  ];
}

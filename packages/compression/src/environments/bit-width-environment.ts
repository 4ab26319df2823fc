import { TersorError, type Action, type Environment, type GraphLayer, type LayerGraph, type QuantizeTask, type StepResult } from '@tersor/core';
import { cost } from '../cost/cost.js';
import { isKernel } from '../graph-weights.js';
import { packModel } from '../pack/pack-model.js';
import { withEncodedWeights, type BitPolicy, type EncodedWeights } from '../quantized-graph.js';
import { greedyBits, uniformBits } from './bit-heuristics.js';
import { createLayerCodes } from './layer-codes.js';
import { clamp, normalizeColumns } from './observation.js';

const OBSERVATION_SIZE = 10;

interface Outcome {
  readonly reward: number;
  readonly measures: Readonly<Record<string, number>>;
}

/**
 * Chooses the bit width of each layer, one step per layer (HAQ, section 3; method.md, stage 2).
 *
 * Observation, 10 numbers in 0..1: depthwise or not; input channels; output channels; stride; kernel size; weight count; output area; layer
 * index (each min-max normalised over the layers); bytes that the limit leaves for this layer beyond its smallest width, as a share of its
 * largest; previous action.
 *
 * Action: a number `a` in 0..1, `bits = round((max - min + 1) a + min - 0.5)` clamped to the range, or the index of a width in a discrete space.
 * The budget in bytes of the packed file is a wall: with the layers ahead at their smallest width, a step takes the largest width at or
 * below the proposed one that still fits. Throws `BUDGET_INFEASIBLE` when even the smallest widths do not.
 */
export function createBitWidthEnvironment(task: QuantizeTask): Environment {
  const { graph, discrete, budget } = task;
  const [minimum, maximum] = task.bits;
  const layers = task.layers.map((name) => graph.layers.find((layer) => layer.name === name)!);
  const codes = createLayerCodes(task.quantizer);
  const encodedAt = (bits: readonly number[]): EncodedWeights => new Map(layers.flatMap((layer, i) => [...codes.encode(layer, bits[i]!)]));

  const smallest = layers.map((layer) => codes.size(layer, minimum));
  const smallestFile = packModel(graph, encodedAt(layers.map(() => minimum))).length;
  /** Bytes for the codes of all layers together: what the rest of the file leaves. */
  const available = budget.bytes - (smallestFile - sum(smallest));
  if (sum(smallest) > available) {
    throw new TersorError('BUDGET_INFEASIBLE', `quantize.budget.bytes is ${Math.floor(budget.bytes)} bytes, but with every layer at ${minimum} bits the file has ${smallestFile}.`, {
      hint: `Set it to ${smallestFile} bytes or more, allow fewer bits, or prune more.`,
    });
  }

  const features = normalizeColumns(layers.map((layer, index) => layerFeatures(graph, layer, index)));
  const outcomes = new Map<string, Outcome>();
  let chosen: number[] = [];
  let active = false;

  const room = (): number => {
    const index = chosen.length;
    return available - sum(chosen.map((bits, i) => codes.size(layers[i]!, bits))) - sum(smallest.slice(index + 1));
  };
  const toBits = (action: Action) =>
    clamp(discrete ? minimum + Math.round(action[0]!) : Math.round((maximum - minimum + 1) * action[0]! + minimum - 0.5), minimum, maximum);
  const toAction = (bits: number): Action => [discrete ? bits - minimum : center(bits)];
  const center = (bits: number) => (bits - minimum + 0.5) / (maximum - minimum + 1);
  const observe = (): number[] => {
    const index = Math.min(chosen.length, layers.length - 1);
    const spare = chosen.length < layers.length ? (room() - smallest[index]!) / codes.size(layers[index]!, maximum) : 0;
    return [...features[index]!, clamp(spare, 0, 1), chosen.length === 0 ? 1 : center(chosen.at(-1)!)];
  };
  const finish = async (): Promise<Outcome> => {
    const known = outcomes.get(chosen.join());
    if (known) return known;
    const encoded = encodedAt(chosen);
    const candidate = withEncodedWeights(graph, encoded, codes.decode);
    const { macs, parameters } = cost(candidate);
    const measures = { accuracy: await task.evaluate(candidate), macs, parameters, bytes: packModel(graph, encoded).length };
    const outcome = { reward: task.reward.evaluate({ ...measures, baseline: task.baseline }), measures };
    outcomes.set(chosen.join(), outcome);
    return outcome;
  };

  return {
    observationSpace: { type: 'box', low: Array<number>(OBSERVATION_SIZE).fill(0), high: Array<number>(OBSERVATION_SIZE).fill(1) },
    actionSpace: discrete ? { type: 'discrete', size: maximum - minimum + 1 } : { type: 'box', low: [0], high: [1] },
    maxSteps: layers.length,
    reset: async () => {
      chosen = [];
      active = true;
      return { observation: observe() };
    },
    step: async (action): Promise<StepResult> => {
      if (!active) throw new TersorError('EPISODE_OVER', 'The bit width environment was stepped outside of an episode; call reset first.');
      const layer = layers[chosen.length]!;
      const spendable = room();
      let bits = toBits(action);
      while (bits > minimum && codes.size(layer, bits) > spendable) bits--;
      // Only a proposal that the wall lowered is replaced: within one bit width, the agent's own number says more than the middle of the range.
      const executed = bits === toBits(action) ? action : toAction(bits);
      chosen = [...chosen, bits];
      const terminated = chosen.length === layers.length;
      if (!terminated) return { observation: observe(), reward: 0, terminated, truncated: false, info: { executed } };
      active = false;
      const policy: BitPolicy = Object.fromEntries(task.layers.map((name, i) => [name, chosen[i]!]));
      const { reward, measures } = await finish();
      return { observation: observe(), reward, terminated, truncated: false, info: { executed, measures, policy } };
    },
    heuristics: {
      uniform: async () => uniformBits(layers, task.bits, available, codes).map(toAction),
      magnitude: async () => greedyBits(layers, task.bits, available, codes).map(toAction),
    },
  };
}

function layerFeatures(graph: LayerGraph, layer: GraphLayer, index: number): number[] {
  const kernel = layer.weights.find(isKernel)!;
  const { outputShape } = graph.calls.find((call) => call.layer === layer.name)!;
  const area = outputShape.slice(0, -1).reduce<number>((product, size) => product * (size ?? 1), 1);
  const strides = layer.config['strides'];
  const [window, channels] = kernel.shape.length === 4 ? [kernel.shape[0]!, kernel.shape[2]!] : [1, kernel.shape[0]!];
  const depthwise = Number(kernel.name === 'depthwise_kernel');
  return [depthwise, channels, kernel.shape.at(-1)!, Array.isArray(strides) ? Number(strides[0]) : 1, window, kernel.data.length, area, index];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

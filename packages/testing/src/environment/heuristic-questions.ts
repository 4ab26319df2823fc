import {
  decodeTensor,
  type AllocationQuestion,
  type BitQuestion,
  type ChannelGroup,
  type EncodedTensor,
  type LayerGraph,
  type Quantizer,
  type QuantizerInput,
  type QuestionLimit,
} from '@tersor/core';
import { requireRule } from '../contract-failure.js';

/** Channel counts are multiples of this, so that a heuristic has to look at `nearest`. */
const MULTIPLE = 2;

/**
 * What a pruner's heuristics are asked: parameters and the largest group may have a share of the whole,
 * between what the fewest channels need (0) and all (1).
 */
export function allocationQuestion(
  graph: LayerGraph,
  groups: readonly ChannelGroup[],
  tightness: number,
): AllocationQuestion {
  const nearest = (index: number, channels: number) => {
    const whole = groups[index]!.channels;
    return Math.min(whole, Math.max(MULTIPLE, Math.round(channels / MULTIPLE) * MULTIPLE));
  };
  const all = groups.map(({ channels }) => channels);
  const smallest = groups.map((_group, i) => nearest(i, 1));
  const costs: Record<string, QuestionLimit['of']> = {
    parameters: (counts) => keptParameters(graph, groups, counts),
    channels: (counts) => counts.reduce((sum, count) => sum + count, 0),
  };
  return {
    groups,
    smallest,
    multiple: MULTIPLE,
    nearest,
    ...budget(
      Object.entries(costs).map(([name, of]) => ({
        name,
        of,
        limit: of(smallest) + tightness * (of(all) - of(smallest)),
      })),
    ),
  };
}

/** What a quantizer's heuristics are asked: bytes of all layers may be a share of the range. */
export function bitQuestion(
  quantizer: Quantizer,
  inputs: readonly QuantizerInput[],
  tightness: number,
): BitQuestion {
  const [fewest, most] = quantizer.bits;
  const layers = inputs.map(({ name, shape, data }) => ({
    name: name.split('/')[0]!,
    className: 'Conv2D',
    config: {},
    weights: [{ name: 'kernel', shape, data, trainable: true }],
  }));
  const bytes = (layer: number, bits: number) => Math.ceil((inputs[layer]!.data.length * bits) / 8);
  const of = (bits: readonly number[]) => bits.reduce((sum, each, i) => sum + bytes(i, each), 0);
  const [least, whole] = [of(inputs.map(() => fewest)), of(inputs.map(() => most))];
  return {
    layers,
    bits: quantizer.bits,
    bytes,
    error: (layer, bits) => relativeError(quantizer.encode(inputs[layer]!, bits), inputs[layer]!),
    ...budget([{ name: 'bytes', of, limit: least + tightness * (whole - least) }]),
  };
}

/** How tight the budgets are that heuristics are asked with: only the least fits, half, or all. */
export const TIGHTNESS = [0, 0.5, 1];

/**
 * Asks every heuristic of a plugin twice. Throws a `ContractError` unless each answer is allowed, keeps the
 * budget, and comes again.
 */
export async function requireAnswers<Question extends AllocationQuestion | BitQuestion>(
  heuristics: Readonly<
    Record<string, (question: Question) => readonly number[] | Promise<readonly number[]>>
  >,
  question: Question,
  isAllowed: (index: number, amount: number) => boolean,
): Promise<void> {
  const length = 'groups' in question ? question.groups.length : question.layers.length;
  for (const [name, heuristic] of Object.entries(heuristics)) {
    const answer = await heuristic(question);
    const rule = (holds: boolean, expected: string) =>
      requireRule(holds, { member: `heuristics.${name}`, expected, found: `[${answer.join(', ')}]` });
    rule(
      answer.length === length,
      `${length} numbers, one for each ${'groups' in question ? 'group' : 'layer'}`,
    );
    rule(
      answer.every((amount, i) => Number.isInteger(amount) && isAllowed(i, amount)),
      'groups' in question
        ? `allowed counts: ${question.smallest.join(', ')} at least, multiples of ${question.multiple} or all`
        : `whole numbers from ${question.bits.join(' to ')}`,
    );
    const kept = question.limits.map(
      ({ name: limit, limit: most, of }) => `${limit} ${of(answer)} of ${most}`,
    );
    rule(question.fits(answer), `an answer that keeps the budget (it has ${kept.join(', ')})`);
    rule((await heuristic(question)).join() === answer.join(), 'the same answer again');
  }
}

function budget(limits: readonly QuestionLimit[]): Pick<BitQuestion, 'limits' | 'used' | 'fits'> {
  return {
    limits,
    used: (amounts) => Math.max(...limits.map(({ limit, of }) => of(amounts) / limit)),
    fits: (amounts) => limits.every(({ limit, of }) => of(amounts) <= limit),
  };
}

/** Parameters of the network when each group keeps so many channels. */
export function keptParameters(
  graph: LayerGraph,
  groups: readonly ChannelGroup[],
  counts: readonly number[],
): number {
  const kept = (layer: string, weight: string, axis: number, size: number) => {
    const group = groups.findIndex(({ members }) =>
      members.some((member) => member.layer === layer && member.weight === weight && member.axis === axis),
    );
    return group < 0 ? size : counts[group]!;
  };
  return graph.layers.reduce(
    (sum, { name, weights }) =>
      sum +
      weights.reduce(
        (values, weight) =>
          values +
          weight.shape.reduce((product, size, axis) => product * kept(name, weight.name, axis, size), 1),
        0,
      ),
    0,
  );
}

/** Squared error over energy. */
export function relativeError(tensor: EncodedTensor, { data }: QuantizerInput): number {
  const values = decodeTensor(tensor);
  let error = 0;
  let energy = 0;
  data.forEach((value, i) => {
    error += (value - values[i]!) ** 2;
    energy += value ** 2;
  });
  return error / energy;
}

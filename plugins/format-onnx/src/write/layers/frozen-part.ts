import { Refusal, stepShape, stepsOf, stepType, type PartConstant } from '@tersor/network';
import { bytesOf, type Draft } from '../draft.js';
import { known, shared, weightOf, type WriteSite } from '../site.js';
import { arranged, channelsLast, type Value } from '../value.js';
import { STEP_WRITERS, type StepValue } from './part-steps.js';

/** Class of the layer that computes steps of a file as they are. */
export const FROZEN_PART = 'TersorFrozenPart';

/** First opset in which all reductions take their axes as an input, as the steps are written. */
const OPSET = 18;

/** Writes the steps one by one, for a batch of one image. */
export function frozenPart(site: WriteSite): Value {
  const { draft, layer, outputShape } = site;
  draft.opset = Math.max(draft.opset, OPSET);
  const { steps, constants } = stepsOf(layer);
  const values = [...site.inputs.map((input) => given(draft, input)), ...constants.map(constantValue)];
  steps.forEach((step, i) => {
    const inputs = step.inputs.map((at) => values[at]!);
    const isLast = i === steps.length - 1;
    const name = isLast ? layer.name : `${layer.name}/${step.operation}`;
    const writer = STEP_WRITERS.get(step.operation);
    if (!writer) throw new Refusal(`has the step "${step.operation}"`);
    const shape = stepShape(
      step,
      inputs.map((input) => input.shape),
    );
    const type = stepType(
      step.operation,
      inputs.map((input) => input.type),
    );
    values.push({ name: writer({ draft, name, inputs, options: step.options ?? {} }), shape, type });
  });
  return { name: values.at(-1)!.name, shape: outputShape, axes: channelsLast(outputShape.length) };

  function constantValue({ shape, type }: PartConstant, i: number): StepValue {
    const name = `${layer.name}/constant_${i}`;
    const { data } = weightOf(site, `constant_${i}`);
    const make = () => {
      if (type === 'integer')
        return draft.tensor(name, 'int64', shape, bytesOf(BigInt64Array.from(data, (each) => BigInt(each))));
      return type === 'boolean'
        ? draft.tensor(name, 'bool', shape, Uint8Array.from(data))
        : draft.values(name, shape, data);
    };
    return { name: shared(draft, name, make), shape, type };
  }
}

function given(draft: Draft, input: Value): StepValue {
  const { name, shape } = arranged(draft, input, channelsLast(input.shape.length));
  return { name, shape: [1, ...shape.map((_, axis) => known(shape, axis))], type: 'float' };
}

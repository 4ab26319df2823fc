import type { ChannelRule, LayerFacts } from './layer-facts.js';

/** Aligns tensors at their last axes, like tfjs; a length of 1 is broadcast. */
const rule: ChannelRule = ({ layer, inputs }, table) => {
  const widest = inputs.reduce((best, input) => (input.length > best.length ? input : best));
  for (const input of inputs) {
    if (input.length === widest.length) table.join(widest, input);
    else if (input.length === 1)
      table.freeze(input, `${layer.name}: one channel is spread over all channels`);
    else return undefined;
  }
  return widest;
};

/** Common facts of layers that combine tensors element by element. */
export function elementWise(className: string, own: Partial<LayerFacts> = {}): LayerFacts {
  return {
    className,
    channels: { how: 'joined, channel by channel', rule },
    outputChannels: ({ inputs }) => Math.max(...inputs.map((shape) => shape.at(-1) ?? 0)),
    ...own,
  };
}

/** The sum; inference plans have an operation for equal shapes. */
export const ADD = elementWise('Add', {
  adds: true,
  operations: ({ inputShapes }) =>
    inputShapes.every((shape) => shape.join() === inputShapes[0]!.join())
      ? [{ operation: { kind: 'add' } }]
      : undefined,
});

/** Combinations whose results are no longer probabilities. */
export const SUBTRACT = elementWise('Subtract');
export const MULTIPLY = elementWise('Multiply');

/** Combinations that average probabilities or choose among them. */
export const AVERAGE = elementWise('Average', { probabilities: () => 'mixed' });
export const MAXIMUM = elementWise('Maximum', { probabilities: () => 'mixed' });
export const MINIMUM = elementWise('Minimum', { probabilities: () => 'mixed' });

import type { LayerWriter, WriteSite } from '../site.js';
import { arranged, channelsFirst, image, imageOf, tensorAxis } from '../value.js';

/** An operator on two values, applied repeatedly for more. */
const pairs =
  (operator: string): LayerWriter =>
  (site) => {
    const { draft, layer } = site;
    const names = aligned(site);
    const last = names.length - 1;
    const result = names.reduce((left, right, i) =>
      draft.node(operator, i === last ? layer.name : `${layer.name}/part`, [left, right]),
    );
    return image(result, site.outputShape);
  };

/** An operator on any number of values. */
const all =
  (operator: string): LayerWriter =>
  (site) =>
    image(site.draft.node(operator, site.layer.name, aligned(site)), site.outputShape);

/** Layers that combine several values. */
export const COMBINING: Readonly<Record<string, LayerWriter>> = {
  Add: pairs('Add'),
  Subtract: pairs('Sub'),
  TersorSubtract: pairs('Sub'),
  Multiply: pairs('Mul'),
  TersorDivide: pairs('Div'),
  Average: all('Mean'),
  Maximum: all('Max'),
  Minimum: all('Min'),
  Concatenate: (site) => {
    const { draft, layer, outputShape } = site;
    const axis = Number(layer.config['axis'] ?? -1);
    const inputs = site.inputs.map((input) => imageOf(draft, input));
    const at = tensorAxis(inputs[0]!, axis > 0 ? axis - 1 : axis);
    const names = inputs.map(({ name }) => name);
    return image(draft.node('Concat', layer.name, names, { axis: { int: at } }), outputShape);
  },
};

/**
 * Aligns tensors with channels first. Those with fewer axes get further ones after their channels, since the
 * layer graph aligns tensors at their last axes.
 */
function aligned({ draft, inputs, layer }: WriteSite): string[] {
  const rank = Math.max(...inputs.map(({ shape }) => shape.length));
  return inputs.map((input) => {
    const { name, shape } = arranged(draft, input, channelsFirst(input.shape.length));
    const missing = rank - shape.length;
    if (missing === 0) return name;
    const axes = Array.from({ length: missing }, (_, i) => 2 + i);
    const added = draft.integers(`${layer.name}/axes`, axes);
    return draft.node('Unsqueeze', `${layer.name}/spread`, [name, added]);
  });
}

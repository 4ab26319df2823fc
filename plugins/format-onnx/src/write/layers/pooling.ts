import { sidesOf } from './shapes.js';
import { numbers, type LayerWriter, type WriteSite } from '../site.js';
import { image, imageOf, type Value } from '../value.js';
import { windowAttributes } from './windows.js';

const over =
  (operator: 'MaxPool' | 'AveragePool', axes: number): LayerWriter =>
  (site) => {
    const { draft, layer } = site;
    const { config } = layer;
    const input = imageOf(draft, site.inputs[0]!);
    const size = numbers(config['pool_size'], axes, 2);
    const name = draft.node(
      operator,
      layer.name,
      [input.name],
      windowAttributes(
        {
          size,
          strides: config['strides'] == undefined ? size : numbers(config['strides'], axes),
          dilation: size.map(() => 1),
          padding: config['padding'] ?? 'valid',
        },
        input.shape.slice(0, -1),
      ),
    );
    return image(name, site.outputShape);
  };

const whole =
  (operator: string): LayerWriter =>
  (site) =>
    wholePool(site, operator);

/** Pooling over windows and over all positions. */
export const POOLING: Readonly<Record<string, LayerWriter>> = {
  MaxPooling1D: over('MaxPool', 1),
  MaxPooling2D: over('MaxPool', 2),
  MaxPooling3D: over('MaxPool', 3),
  AveragePooling1D: over('AveragePool', 1),
  AveragePooling2D: over('AveragePool', 2),
  AveragePooling3D: over('AveragePool', 3),
  TersorPooling2D: padded,
  GlobalAveragePooling1D: whole('GlobalAveragePool'),
  GlobalAveragePooling2D: whole('GlobalAveragePool'),
  GlobalMaxPooling1D: whole('GlobalMaxPool'),
  GlobalMaxPooling2D: whole('GlobalMaxPool'),
};

/** Pooling whose padding is given side by side. */
function padded({ draft, layer, inputs, outputShape }: WriteSite): Value {
  const { operation, pool_size, strides, padding, count_padding } = layer.config;
  const size = numbers(pool_size, 2);
  const input = imageOf(draft, inputs[0]!);
  const isMean = operation === 'average';
  const window = { size, strides: numbers(strides ?? size, 2), dilation: [1, 1], padding: 'valid' };
  const name = draft.node(isMean ? 'AveragePool' : 'MaxPool', layer.name, [input.name], {
    ...windowAttributes(window, input.shape.slice(0, -1), sidesOf(padding ?? 0)),
    ...(isMean && { count_include_pad: { int: count_padding === true ? 1 : 0 } }),
  });
  return image(name, outputShape);
}

function wholePool({ draft, layer, inputs, outputShape }: WriteSite, operator: string): Value {
  const input = imageOf(draft, inputs[0]!);
  if (outputShape.length > 1) return image(draft.node(operator, layer.name, [input.name]), outputShape);
  const pooled = draft.node(operator, `${layer.name}/pooled`, [input.name]);
  return image(draft.node('Flatten', layer.name, [pooled]), outputShape);
}

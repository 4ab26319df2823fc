import * as layers from '@tensorflow/tfjs-layers';

type Layer = layers.LayersModel['layers'][number];

/**
 * The names in tfjs of the weights that a manifest names. Converters of different versions name them
 * differently; a name that matches nothing is returned unchanged.
 */
export function weightTargets(model: layers.LayersModel, names: readonly string[]): string[] {
  const known = new Set(model.weights.map(({ originalName }) => originalName));
  const byName = layersByName(model);
  return names.map((name) => candidates(name, byName).find((candidate) => known.has(candidate)) ?? name);
}

function candidates(name: string, byName: ReadonlyMap<string, Layer>): string[] {
  const parts = name.split('/');
  const last = parts.at(-1)!;
  // From .keras files: layer/number, in the order of the layer's variables.
  const numbered = /^\d+$/.test(last)
    ? byName.get(parts.slice(0, -1).join('/'))?.weights[Number(last)]?.originalName
    : undefined;
  // Keras 3 prefixes the model's name if a Sequential model built the layers, and calls the kernel of a
  // depthwise convolution just `kernel`.
  const shorter = parts.map((_, i) => parts.slice(i).join('/')).filter((each) => each.includes('/'));
  // TensorFlow 2.2 writes layer/cell/weight for recurrent layers, which tfjs calls layer/weight.
  const withoutCell = shorter
    .map((each) => each.split('/'))
    .map((each) => [...each.slice(0, -2), each.at(-1)].join('/'));
  const depthwise = shorter.map((each) => each.replace(/\/kernel$/, '/depthwise_kernel'));
  return [name, ...(numbered === undefined ? [] : [numbered]), ...shorter, ...withoutCell, ...depthwise];
}

function layersByName(model: layers.LayersModel): Map<string, Layer> {
  const found = new Map<string, Layer>();
  for (const layer of model.layers) {
    if (layer instanceof layers.LayersModel)
      layersByName(layer).forEach((inner, name) => found.set(name, inner));
    else found.set(layer.name, layer);
  }
  return found;
}

import type { LayerGraph } from '@tersor/core';
import { offsetPlace } from './offset-place.js';

/** A convolution of 3 channels without a bias, a batch norm and its reader; 3 rows, columns and channels. */
function graphOf(change: { readonly axis?: number; readonly outputs?: readonly number[] } = {}): LayerGraph {
  const weight = (name: string, shape: number[]) => ({
    name,
    shape,
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
    trainable: true,
  });
  return {
    name: 'test',
    layers: [
      { name: 'input', className: 'InputLayer', config: {}, weights: [] },
      { name: 'conv', className: 'Conv2D', config: {}, weights: [weight('kernel', [1, 1, 3, 3])] },
      {
        name: 'bn',
        className: 'BatchNormalization',
        config: { axis: change.axis ?? -1 },
        weights: [weight('moving_mean', [3]), weight('moving_variance', [3])],
      },
    ],
    calls: [
      { layer: 'input', inputs: [], outputShape: [3, 3, 3] },
      { layer: 'conv', inputs: [0], outputShape: [3, 3, 3] },
      { layer: 'bn', inputs: [1], outputShape: [3, 3, 3] },
    ],
    inputs: [0],
    outputs: change.outputs ?? [2],
  };
}

test('a constant goes into the moving mean of the batch norm that alone reads a layer, with its sign turned', () => {
  expect(offsetPlace(graphOf(), 'conv')).toEqual({ layer: 'bn', weight: 'moving_mean', sign: -1 });
});

test('it has no place where the result is an output too, or where the batch norm is over rows', () => {
  expect(offsetPlace(graphOf({ outputs: [1, 2] }), 'conv')).toBeUndefined();
  expect(offsetPlace(graphOf({ axis: 1 }), 'conv')).toBeUndefined();
});

test('a bias comes first', () => {
  const graph = graphOf();
  const [input, conv, norm] = graph.layers;
  const bias = { name: 'bias', shape: [3], data: new Float32Array(3), trainable: true };
  const layers = [input!, { ...conv!, weights: [...conv!.weights, bias] }, norm!];
  expect(offsetPlace({ ...graph, layers }, 'conv')).toEqual({ layer: 'conv', weight: 'bias', sign: 1 });
});

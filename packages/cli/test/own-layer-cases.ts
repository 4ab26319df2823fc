import { serialization } from '@tensorflow/tfjs-core';
import { registerLayers } from '@tersor/runtime';
import * as tfl from '@tensorflow/tfjs-layers';
import { IMAGE, each, type LayerCase, type Symbolic } from './layer-case.js';

/** A layer that Tersor adds to those of TensorFlow.js. */
function own(className: string, config: object): tfl.layers.Layer {
  registerLayers();
  const [Class] = serialization.SerializationMap.getMap().classNameMap[className]!;
  return new Class(config as never) as tfl.layers.Layer;
}

function cases(className: string, list: readonly object[], shape: readonly number[] = IMAGE): LayerCase[] {
  return each(className, (options) => own(className, options), list, shape);
}

const [ALL, SOME] = [[[1, 2], [2, 0]], [[1, 1], [0, 1]]]; // prettier-ignore

/** The ways to use these layers. */
export const OWN_LAYER_CASES: readonly LayerCase[] = [
  ...cases('TersorGroupedConv2D', [
    { groups: 2, filters: 6, kernelSize: 3 },
    { groups: 4, filters: 8, kernelSize: [1, 3], padding: 'same', useBias: false },
    { groups: 2, filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' },
    { groups: 2, filters: 4, kernelSize: 2, strides: [2, 1], activation: 'swish' },
    { groups: 2, filters: 4, kernelSize: 3, dilationRate: 2, padding: 'same' },
    { groups: 1, filters: 3, kernelSize: 1 },
  ]),
  ...cases('TersorPad2D', [
    { padding: ALL, mode: 'constant', value: -1.5 },
    { padding: ALL, mode: 'constant' },
    { padding: ALL, mode: 'reflect' },
    { padding: ALL, mode: 'edge' },
  ]),
  ...cases('TersorPooling2D', [
    { operation: 'max', poolSize: 3, strides: 2, padding: SOME },
    { operation: 'average', poolSize: 3, strides: 2, padding: SOME, countPadding: false },
    { operation: 'average', poolSize: [3, 2], strides: 1, padding: SOME, countPadding: true },
    { operation: 'max', poolSize: 2, padding: [[0, 0], [0, 0]] }, // prettier-ignore
  ]),
  ...cases(
    'TersorResize2D',
    ['half_pixel', 'pytorch_half_pixel', 'asymmetric', 'align_corners'].flatMap((coordinates) => [
      { size: [12, 5], interpolation: 'bilinear', coordinates },
      { size: [18, 10], interpolation: 'nearest', coordinates, rounding: 'floor' },
      { size: [5, 14], interpolation: 'nearest', coordinates, rounding: 'round_prefer_ceil' },
    ]),
  ),
  ...cases('TersorResize2D', [
    { size: [12, 5], interpolation: 'bicubic' },
    { size: [12, 5], interpolation: 'bicubic', cubicCoefficient: -0.5, excludeOutside: true },
    { size: [5, 14], interpolation: 'nearest', coordinates: 'tf_half_pixel_for_nn', rounding: 'floor' },
    { size: [7, 4], interpolation: 'bilinear', scales: [0.8, 0.6] },
  ]),
  ...cases('TersorSlice', [
    { axis: 3, start: 1, end: 3 },
    { axis: 3, start: 0, end: 4, step: 2 },
    { axis: 1, start: 1, end: 9, step: 3 },
    { axis: 2, start: 2, end: 7 },
  ]),
  ...cases('TersorSlice', [{ axis: 1, start: 3, end: 9 }], [12]),
  ...cases('TersorChannelShuffle', [{ groups: 2 }, { groups: 4 }]),
  ...cases('TersorChannelShuffle', [{ groups: 3 }], [12]),
  ...cases('TersorHardSigmoid', [{ alpha: 1 / 6, beta: 0.5 }]),
  ...cases('TersorPower', [{ exponent: 2 }, { exponent: 3 }]),
  ...['TersorSubtract', 'TersorDivide'].map(
    (className): LayerCase => ({
      name: className,
      shape: IMAGE,
      build: (input) => {
        const other = tfl.layers.activation({ activation: 'softplus' }).apply(input);
        return own(className, {}).apply([input, other] as Symbolic[]) as Symbolic;
      },
    }),
  ),
];

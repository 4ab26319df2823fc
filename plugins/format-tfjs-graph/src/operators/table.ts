import { Refusal } from '@tersor/network';
import { isInteger } from '../constants.js';
import type { Operator } from '../site.js';
import { ACTIVATION_OPERATORS } from './activation.js';
import { batchNorm, binary, pow, squaredDifference, sum } from './arithmetic.js';
import { convolution, product, transposedConvolution } from './convolution.js';
import { pad } from './padding.js';
import { pooling, reduction } from './pooling.js';
import { resize } from './resize.js';
import { SHAPE_OPERATORS } from './shapes.js';
import { SLICE_OPERATORS } from './slices.js';

/** Returns its first input unchanged; numbers of every type are float32 here. */
const passedOn: Operator = ({ inputs }) => inputs[0]!;

const cast: Operator = ({ node: { attributes }, inputs }) => {
  if (isInteger(attributes['DstT']) && !isInteger(attributes['SrcT']))
    throw new Refusal('cuts off what is after the point');
  return inputs[0]!;
};

/** Operators with a kernel; every node before one belongs to the network. */
export const KERNEL_OPERATORS: Readonly<Record<string, Operator>> = {
  Conv2D: convolution,
  _FusedConv2D: convolution,
  DepthwiseConv2dNative: convolution,
  FusedDepthwiseConv2dNative: convolution,
  Conv2DBackpropInput: transposedConvolution,
  MatMul: product,
  _FusedMatMul: product,
  BatchMatMul: product,
  BatchMatMulV2: product,
};

/** All operators that can become layers. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  ...KERNEL_OPERATORS,
  Identity: passedOn,
  StopGradient: passedOn,
  CheckNumerics: passedOn,
  PreventGradient: passedOn,
  Snapshot: passedOn,
  Cast: cast,
  BiasAdd: binary('add'),
  Add: binary('add'),
  AddV2: binary('add'),
  AddN: sum,
  Sub: binary('subtract'),
  SquaredDifference: squaredDifference,
  Mul: binary('multiply'),
  RealDiv: binary('divide'),
  Div: binary('divide'),
  Pow: pow,
  Maximum: binary('maximum'),
  Minimum: binary('minimum'),
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  MaxPool: pooling('MaxPooling2D'),
  AvgPool: pooling('AveragePooling2D'),
  Mean: reduction('mean'),
  Max: reduction('max'),
  Sum: reduction('sum'),
  Pad: pad,
  PadV2: pad,
  MirrorPad: pad,
  ResizeBilinear: resize('bilinear'),
  ResizeNearestNeighbor: resize('nearest'),
  ...ACTIVATION_OPERATORS,
  ...SHAPE_OPERATORS,
  ...SLICE_OPERATORS,
};

import type { Operator } from '../site.js';
import { ACTIVATION_OPERATORS } from './activation.js';
import { batchNorm, binary, sum } from './arithmetic.js';
import { convolution, product, transposedConvolution } from './convolution.js';
import { pooling, reduction } from './pooling.js';
import { SHAPE_OPERATORS } from './shapes.js';

/** What gives its first input as it is; numbers of every type are float32 here. */
const passedOn: Operator = ({ inputs }) => inputs[0]!;

/** All operators that become layers. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  Identity: passedOn,
  StopGradient: passedOn,
  CheckNumerics: passedOn,
  PreventGradient: passedOn,
  Snapshot: passedOn,
  Cast: passedOn,
  Conv2D: convolution,
  _FusedConv2D: convolution,
  DepthwiseConv2dNative: convolution,
  FusedDepthwiseConv2dNative: convolution,
  Conv2DBackpropInput: transposedConvolution,
  MatMul: product,
  _FusedMatMul: product,
  BiasAdd: binary('add'),
  Add: binary('add'),
  AddV2: binary('add'),
  AddN: sum,
  Sub: binary('subtract'),
  Mul: binary('multiply'),
  RealDiv: binary('divide'),
  Div: binary('divide'),
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
  ...ACTIVATION_OPERATORS,
  ...SHAPE_OPERATORS,
};

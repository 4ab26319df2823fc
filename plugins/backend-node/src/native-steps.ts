import type { PlanActivation, PlanOperation, PlanWeight } from '@tersor/compression';
import type { NativeOperations } from './native-operations.js';

/** One TensorFlow operation with its weights uploaded: from handles of its inputs, which stay alive, to a new handle of its result. */
export type NativeStep = (inputs: readonly number[]) => number;

/** The kinds that are operations of TensorFlow; the session itself deals with the others. */
export type NativeOperation = Exclude<PlanOperation, { kind: 'input' | 'layer' | 'activation' }>;

const INT32 = { type: 3 };
const CHANNELS_LAST = { data_format: 'NHWC' };

/** The TensorFlow operations, one after the other, of an operation and the activation after it. Weights are uploaded here, once; their handles go to `weights`. */
export function prepareStep(
  native: NativeOperations,
  operation: NativeOperation | undefined,
  activation: PlanActivation | undefined,
  weights: number[],
): NativeStep[] {
  const keep = (id: number) => (weights.push(id), id);
  const upload = (weight: PlanWeight) => keep(native.upload(weight.shape, weight.data));
  const indices = (shape: readonly number[], values: readonly number[]) => keep(native.uploadIndices(shape, values));
  const steps = operation ? prepareOperation(native, operation, upload, indices) : [];
  if (activation) steps.push(prepareActivation(native, activation));
  return steps;
}

function prepareOperation(
  native: NativeOperations,
  operation: NativeOperation,
  upload: (weight: PlanWeight) => number,
  indices: (shape: readonly number[], values: readonly number[]) => number,
): NativeStep[] {
  const addBias = (bias: PlanWeight | undefined): NativeStep[] => {
    if (!bias) return [];
    const values = upload(bias);
    return [([x]) => native.run('BiasAdd', [x!, values], CHANNELS_LAST)];
  };
  switch (operation.kind) {
    case 'convolution':
    case 'depthwise': {
      const kernel = upload(operation.kernel);
      const attributes = {
        strides: [1, ...operation.strides, 1],
        dilations: [1, ...operation.dilation, 1],
        padding: operation.padding.toUpperCase(),
        ...CHANNELS_LAST,
      };
      const name = operation.kind === 'depthwise' ? 'DepthwiseConv2dNative' : 'Conv2D';
      return [([x]) => native.run(name, [x!, kernel], attributes), ...addBias(operation.bias)];
    }
    case 'dense': {
      const kernel = upload(operation.kernel);
      const attributes = { transpose_a: false, transpose_b: false };
      return [([x]) => native.run('MatMul', [x!, kernel], attributes), ...addBias(operation.bias)];
    }
    case 'scale-shift': {
      const scale = upload(operation.scale);
      return [([x]) => native.run('Mul', [x!, scale]), ...addBias(operation.shift)];
    }
    case 'add':
      return [(inputs) => native.run('AddN', inputs, { N: inputs.length })];
    case 'concatenate': {
      const axis = indices([], [-1]);
      return [(inputs) => native.run('ConcatV2', [...inputs, axis], { N: inputs.length, Tidx: INT32 })];
    }
    case 'max-pool':
    case 'average-pool': {
      const attributes = {
        ksize: [1, ...operation.size, 1],
        strides: [1, ...operation.strides, 1],
        padding: operation.padding.toUpperCase(),
        ...CHANNELS_LAST,
      };
      const name = operation.kind === 'max-pool' ? 'MaxPool' : 'AvgPool';
      return [([x]) => native.run(name, [x!], attributes)];
    }
    case 'global-average-pool': {
      const axes = indices([2], [1, 2]);
      const attributes = { keep_dims: false, Tidx: INT32 };
      return [([x]) => native.run('Mean', [x!, axes], attributes)];
    }
    case 'reshape': {
      const shape = indices([operation.shape.length + 1], [-1, ...operation.shape]);
      const attributes = { Tshape: INT32 };
      return [([x]) => native.run('Reshape', [x!, shape], attributes)];
    }
    case 'zero-pad': {
      const pairs = indices([4, 2], [0, 0, ...operation.padding[0], ...operation.padding[1], 0, 0]);
      const attributes = { Tpaddings: INT32 };
      return [([x]) => native.run('Pad', [x!, pairs], attributes)];
    }
  }
}

const ACTIVATIONS = {
  relu: 'Relu',
  relu6: 'Relu6',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  elu: 'Elu',
  leakyrelu: 'LeakyRelu',
  softmax: 'Softmax',
} as const satisfies Record<PlanActivation['name'], string>;

function prepareActivation(native: NativeOperations, { name, alpha }: PlanActivation): NativeStep {
  const attributes = { alpha: { float: alpha ?? 0 } };
  return ([x]) => (name === 'leakyrelu' ? native.run('LeakyRelu', [x!], attributes) : native.run(ACTIVATIONS[name], [x!]));
}

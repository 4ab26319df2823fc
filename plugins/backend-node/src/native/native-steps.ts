import type { PlanActivation, PlanOperation, PlanWeight } from '@tersor/network';
import { computedOutputs, withOutputs } from './convolution-blocks.js';
import type { NativeOperations } from './native-operations.js';

/**
 * One TensorFlow operation with its weights uploaded: from handles of its inputs, which stay alive, to a new
 * handle of its result.
 */
export type NativeStep = (inputs: readonly number[]) => number;

/** The kinds that are operations of TensorFlow; the session itself deals with the others. */
export type NativeOperation = Exclude<PlanOperation, { kind: 'input' | 'layer' | 'activation' }>;

const INT32 = { type: 3 };
const CHANNELS_LAST = { data_format: 'NHWC' };

/**
 * The TensorFlow operations, one after the other, of an operation and the activation after it. Weights are
 * uploaded here, once; their handles go to `weights`.
 */
export function prepareStep(
  native: NativeOperations,
  operation: NativeOperation | undefined,
  activation: PlanActivation | undefined,
  weights: number[],
): NativeStep[] {
  const keep = (id: number) => (weights.push(id), id);
  const upload = (weight: PlanWeight) => keep(native.upload(weight.shape, weight.data));
  const indices = (shape: readonly number[], values: readonly number[]) =>
    keep(native.uploadIndices(shape, values));
  const steps = operation ? prepareOperation(native, operation, upload, indices) : [];
  if (activation?.name === 'hardsigmoid') steps.push(...hardSigmoid(native, activation, upload));
  else if (activation) steps.push(prepareActivation(native, { ...activation, name: activation.name }));
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
    case 'depthwise': {
      const attributes = windowAttributes(operation);
      const kernel = upload(operation.kernel);
      return [
        ([x]) => native.run('DepthwiseConv2dNative', [x!, kernel], attributes),
        ...addBias(operation.bias),
      ];
    }
    case 'convolution': {
      const attributes = windowAttributes(operation);
      const [, , inputs, outputs] = operation.kernel.shape as [number, number, number, number];
      // TensorFlow sees the groups by the depth of the kernel.
      if ((operation.groups ?? 1) > 1) {
        const whole = upload(operation.kernel);
        return [([x]) => native.run('Conv2D', [x!, whole], attributes), ...addBias(operation.bias)];
      }
      const isOdd = native.precision === 'bfloat16' && inputs % 2 === 1;
      const computed = computedOutputs(operation.kernel.shape, native.precision);
      const kernel = upload(
        withOutputs(isOdd ? withEvenDepth(operation.kernel) : operation.kernel, computed),
      );
      const pad = isOdd ? [padStep(native, indices([4, 2], [0, 0, 0, 0, 0, 0, 0, 1]))] : [];
      const crop = computed > outputs ? [firstChannels(native, outputs, indices)] : [];
      return [
        ...pad,
        ([x]) => native.run('Conv2D', [x!, kernel], attributes),
        ...crop,
        ...addBias(operation.bias),
      ];
    }
    case 'dense': {
      const kernel = upload(operation.kernel);
      const attributes = { transpose_a: false, transpose_b: false };
      return [([x]) => native.run('MatMul', [x!, kernel], attributes), ...addBias(operation.bias)];
    }
    case 'scale-shift': {
      const scale = upload(operation.scale);
      if (operation.shift.shape.length > 1) {
        const shift = upload(operation.shift);
        return [([x]) => native.run('Mul', [x!, scale]), ([x]) => native.run('AddV2', [x!, shift])];
      }
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
      if (!operation.value) return [padStep(native, pairs)];
      const value = upload({ shape: [], data: Float32Array.of(operation.value) });
      const attributes = { Tpaddings: INT32 };
      return [([x]) => native.run('PadV2', [x!, pairs, value], attributes)];
    }
    case 'slice': {
      const count = operation.begin.length + 1;
      const [begin, size] = [
        indices([count], [0, ...operation.begin]),
        indices([count], [-1, ...operation.size]),
      ];
      const attributes = { Index: INT32 };
      return [([x]) => native.run('Slice', [x!, begin, size], attributes)];
    }
    case 'transpose': {
      const order = indices([operation.order.length], operation.order);
      const attributes = { Tperm: INT32 };
      return [([x]) => native.run('Transpose', [x!, order], attributes)];
    }
  }
}

function windowAttributes({
  strides,
  dilation,
  padding,
}: Extract<NativeOperation, { kind: 'convolution' | 'depthwise' }>) {
  return {
    strides: [1, ...strides, 1],
    dilations: [1, ...dilation, 1],
    padding: padding.toUpperCase(),
    ...CHANNELS_LAST,
  };
}

/** Drops the channels after the first `count` ones. */
function firstChannels(
  native: NativeOperations,
  count: number,
  indices: (shape: readonly number[], values: readonly number[]) => number,
): NativeStep {
  const [start, size] = [indices([4], [0, 0, 0, 0]), indices([4], [-1, -1, -1, count])];
  const attributes = { Index: INT32 };
  return ([x]) => native.run('Slice', [x!, start, size], attributes);
}

function padStep(native: NativeOperations, sides: number): NativeStep {
  const attributes = { Tpaddings: INT32 };
  return ([x]) => native.run('Pad', [x!, sides], attributes);
}

/**
 * A kernel with one more input channel, of zeros. The bfloat16 convolution of TensorFlow 2.21 (oneDNN,
 * processors with AVX512_BF16) takes channels in pairs and multiplies the missing half of the last pair by
 * whatever lies in memory: an odd number of channels gives noise, at times NaN.
 */
function withEvenDepth({ shape, data }: PlanWeight): PlanWeight {
  const [height, width, depth, outputs] = shape as [number, number, number, number];
  const padded = new Float32Array(height * width * (depth + 1) * outputs);
  for (let at = 0; at < height * width; at++) {
    padded.set(data.subarray(at * depth * outputs, (at + 1) * depth * outputs), at * (depth + 1) * outputs);
  }
  return { shape: [height, width, depth + 1, outputs], data: padded };
}

const ACTIVATIONS = {
  relu: 'Relu',
  relu6: 'Relu6',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  elu: 'Elu',
  leakyrelu: 'LeakyRelu',
  softmax: 'Softmax',
} as const satisfies Record<Exclude<PlanActivation['name'], 'hardsigmoid'>, string>;

function prepareActivation(
  native: NativeOperations,
  { name, alpha }: { readonly name: keyof typeof ACTIVATIONS; readonly alpha?: number },
): NativeStep {
  const attributes = { alpha: { float: alpha ?? 0 } };
  return ([x]) =>
    name === 'leakyrelu' ? native.run('LeakyRelu', [x!], attributes) : native.run(ACTIVATIONS[name], [x!]);
}

/** A line between 0 and 1. */
function hardSigmoid(
  native: NativeOperations,
  { alpha, beta }: PlanActivation,
  upload: (weight: PlanWeight) => number,
): NativeStep[] {
  const [slope, offset, least, most] = [alpha!, beta!, 0, 1].map((value) =>
    upload({ shape: [], data: Float32Array.of(value) }),
  );
  return [
    ([x]) => native.run('Mul', [x!, slope!]),
    ([x]) => native.run('AddV2', [x!, offset!]),
    ([x]) => native.run('Maximum', [x!, least!]),
    ([x]) => native.run('Minimum', [x!, most!]),
  ];
}

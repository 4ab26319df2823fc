import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { elementCount, type InferenceSession, type LayerGraph } from '@tersor/core';
import { modelFromGraph } from '../graph/model-graph.js';
import { joined } from '../observation/joined.js';
import { inferencePlan } from './inference-plan.js';
import { convolutionBlocks, convolve, convolveBlocks, type BlockWeights } from './grouped-convolution.js';
import { notComputable } from './require-computable.js';
import type { InferencePlan, PlanActivation, PlanOperation, PlanStep, PlanWeight } from './plan-step.js';

/** A step with its weights on the device. */
interface ReadyStep extends PlanStep {
  readonly kernel?: tf.Tensor;
  /** The weights of each group of a convolution. */
  readonly blocks?: readonly BlockWeights[];
  readonly bias?: tf.Tensor;
  /** The stock layer of a `layer` step. */
  readonly model?: tfl.LayersModel;
}

/** The images of one batch: `count` images from number `start`; `shape` is that of one image. */
export interface ImageBatch {
  readonly images: Float32Array;
  readonly start: number;
  readonly count: number;
  readonly shape: readonly number[];
}

/** How a compiled network runs its images. */
export interface FusedOptions {
  /** Images that run at once, possibly depending on the number of images; default 50. */
  readonly batchSize?: number | ((count: number) => number);
  /** Creates the tensor of a batch, which the session frees; by default uploads it. */
  readonly batch?: (batch: ImageBatch) => tf.Tensor;
}

/**
 * Compiles a network for inference on the active tfjs backend, as fused convolutions and matrix products of
 * tfjs-core. Weights are uploaded once; images run `batchSize` at a time; every intermediate result is freed
 * after its last reader.
 */
export async function compileFused(
  graph: LayerGraph,
  { batchSize = 50, batch }: FusedOptions = {},
): Promise<InferenceSession> {
  return compilePlan(inferencePlan(graph), batchSize, batch);
}

/** Compiles a plan. A worker is sent a plan instead of a network. */
export async function compilePlan(
  plan: InferencePlan,
  batchSize: number | ((count: number) => number),
  batch: NonNullable<FusedOptions['batch']> = uploadBatch,
): Promise<InferenceSession> {
  const steps: ReadyStep[] = [];
  for (const step of plan.steps) steps.push(await upload(step));
  const imageSize = elementCount(plan.inputShape);
  let disposed = false;
  return {
    run: async (images) => {
      const count = images.length / imageSize;
      // Batches are started without waiting for results, so that a GPU computes while the next is prepared.
      const parts: Promise<Float32Array>[] = [];
      const most = typeof batchSize === 'number' ? batchSize : batchSize(count);
      for (let start = 0; start < count; start += most) {
        const size = Math.min(most, count - start);
        const input = batch({ images, start, count: size, shape: plan.inputShape });
        parts.push(readAndFree(runSteps(steps, plan.output, input)));
      }
      return joined(await Promise.all(parts));
    },
    dispose: () => {
      if (disposed) return;
      disposed = true;
      for (const { kernel, bias, blocks = [], model } of steps) {
        const tensors = [kernel, bias, ...blocks.flatMap((block) => [block.kernel, block.bias])];
        tf.dispose(tensors.filter((tensor) => tensor !== undefined));
        model?.dispose();
      }
    },
  };
}

function uploadBatch({ images, start, count, shape }: ImageBatch): tf.Tensor {
  const size = elementCount(shape);
  return tf.tensor(images.subarray(start * size, (start + count) * size), [count, ...shape], 'float32');
}

async function readAndFree(output: tf.Tensor): Promise<Float32Array> {
  try {
    return (await output.data()) as Float32Array;
  } finally {
    output.dispose();
  }
}

async function upload(step: PlanStep): Promise<ReadyStep> {
  const { operation } = step;
  const tensor = (weight: PlanWeight) => tf.tensor(weight.data, [...weight.shape], 'float32');
  switch (operation.kind) {
    case 'convolution':
    case 'depthwise':
    case 'dense':
      if (operation.kind === 'convolution' && (operation.groups ?? 1) > 1)
        return { ...step, blocks: convolutionBlocks(operation) };
      return {
        ...step,
        kernel: tensor(operation.kernel),
        ...(operation.bias && { bias: tensor(operation.bias) }),
      };
    case 'scale-shift':
      return { ...step, kernel: tensor(operation.scale), bias: tensor(operation.shift) };
    case 'layer':
      return {
        ...step,
        model: await layerModel(operation).catch((cause: unknown) =>
          Promise.reject(notComputable(operation.layer, cause)),
        ),
      };
    default:
      return step;
  }
}

/** A model of one stock layer, with as many inputs as the layer. */
function layerModel({
  layer,
  inputShapes,
}: Extract<PlanOperation, { kind: 'layer' }>): Promise<tfl.LayersModel> {
  const names = inputShapes.map((_shape, i) => `${layer.name}_input_${i}`);
  return modelFromGraph({
    name: layer.name,
    layers: [
      ...inputShapes.map((shape, i) => ({
        name: names[i]!,
        className: 'InputLayer',
        config: { batch_input_shape: [null, ...shape], dtype: 'float32', sparse: false, name: names[i]! },
        weights: [],
      })),
      layer,
    ],
    calls: [
      ...inputShapes.map((outputShape, i) => ({ layer: names[i]!, inputs: [], outputShape })),
      { layer: layer.name, inputs: inputShapes.map((_shape, i) => i), outputShape: [] },
    ],
    inputs: inputShapes.map((_shape, i) => i),
    outputs: [inputShapes.length],
  });
}

/** Runs all steps. Frees `input`; the caller frees the result. */
function runSteps(steps: readonly ReadyStep[], output: number, input: tf.Tensor): tf.Tensor {
  const results: tf.Tensor[] = [];
  for (const step of steps) {
    const inputs = step.inputs.map((index) => results[index]!);
    results.push(step.operation.kind === 'input' ? input : tf.tidy(() => runStep(step, inputs)));
    for (const index of step.release) results[index]!.dispose();
  }
  return results[output]!;
}

function runStep(step: ReadyStep, inputs: readonly tf.Tensor[]): tf.Tensor {
  const { activation } = step;
  const { result, isActivated } = compute(step, inputs, fusable(activation));
  return activation && !isActivated ? activate(result, activation) : result;
}

/**
 * The activation, if tfjs's fused kernels support it on every backend; others run as a separate operation.
 */
function fusable(activation: PlanActivation | undefined): 'relu' | 'relu6' | 'linear' {
  return activation?.name === 'relu' || activation?.name === 'relu6' ? activation.name : 'linear';
}

function compute(
  { operation, kernel, bias, blocks, model }: ReadyStep,
  inputs: readonly tf.Tensor[],
  fused: 'linear' | 'relu' | 'relu6',
): { result: tf.Tensor; isActivated: boolean } {
  const [x] = inputs as [tf.Tensor4D];
  const whole = fused !== 'linear';
  switch (operation.kind) {
    case 'convolution': {
      const result = blocks
        ? convolveBlocks(x, blocks, operation, fused)
        : convolve(x, { kernel: kernel as tf.Tensor4D, bias }, operation, fused);
      return { result, isActivated: whole };
    }
    case 'depthwise': {
      const { strides, padding, dilation } = operation;
      const result = tf.fused.depthwiseConv2d({
        x,
        filter: kernel as tf.Tensor4D,
        strides: [...strides],
        pad: padding,
        dilations: [...dilation],
        ...(bias && { bias }),
        activation: fused,
      });
      return { result, isActivated: whole };
    }
    case 'dense':
      return {
        result: tf.fused.matMul({ a: x as tf.Tensor, b: kernel!, ...(bias && { bias }), activation: fused }),
        isActivated: whole,
      };
    case 'scale-shift':
      return { result: tf.add(tf.mul(x, kernel!), bias!), isActivated: false };
    case 'activation':
    case 'input':
      return { result: tf.clone(x), isActivated: false };
    case 'add':
      return { result: tf.addN([...inputs]), isActivated: false };
    case 'concatenate':
      return { result: tf.concat([...inputs], -1), isActivated: false };
    case 'max-pool':
      return {
        result: tf.maxPool(x, [...operation.size], [...operation.strides], operation.padding),
        isActivated: false,
      };
    case 'average-pool':
      return {
        result: tf.avgPool(x, [...operation.size], [...operation.strides], operation.padding),
        isActivated: false,
      };
    case 'global-average-pool':
      return { result: tf.mean(x, [1, 2]), isActivated: false };
    case 'reshape':
      return { result: tf.reshape(x, [x.shape[0], ...operation.shape]), isActivated: false };
    case 'zero-pad':
      return {
        result: tf.pad(
          x,
          [[0, 0], [...operation.padding[0]], [...operation.padding[1]], [0, 0]],
          operation.value ?? 0,
        ),
        isActivated: false,
      };
    case 'slice':
      return {
        result: tf.slice(x, [0, ...operation.begin], [x.shape[0], ...operation.size]),
        isActivated: false,
      };
    case 'transpose':
      return { result: tf.transpose(x, [...operation.order]), isActivated: false };
    case 'layer':
      try {
        return {
          result: model!.predict(inputs.length === 1 ? x : [...inputs]) as tf.Tensor,
          isActivated: false,
        };
      } catch (cause) {
        throw notComputable(operation.layer, cause);
      }
  }
}

function activate(x: tf.Tensor, { name, alpha, beta }: PlanActivation): tf.Tensor {
  switch (name) {
    case 'relu':
      return tf.relu(x);
    case 'relu6':
      return tf.relu6(x);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'tanh':
      return tf.tanh(x);
    case 'elu':
      return tf.elu(x);
    case 'leakyrelu':
      return tf.leakyRelu(x, alpha);
    case 'softmax':
      return tf.softmax(x);
    case 'hardsigmoid':
      return tf.clipByValue(tf.add(tf.mul(x, alpha!), beta!), 0, 1);
  }
}

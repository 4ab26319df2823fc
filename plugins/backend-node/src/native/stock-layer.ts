import * as tf from '@tensorflow/tfjs-core';
import { modelFromGraph, notComputable } from '@tersor/network';
import type { GraphLayer, LayerCall, Precision } from '@tersor/core';
import type { NativeOperations } from './native-operations.js';
import type { NativeStep } from './native-steps.js';
import type { TensorflowKernelBackend } from '../tensorflow-binding.js';

/** A layer without a native step, run by tfjs. */
export interface StockLayer {
  readonly run: NativeStep;
  dispose(): void;
}

/**
 * A step that hands its inputs to the stock tfjs layer, in float32, and takes the result back in the
 * session's precision. It is for layers that have no steps of their own, so that every model runs.
 * `inputShapes` are of one sample.
 */
export async function stockLayer(
  backend: TensorflowKernelBackend,
  native: NativeOperations,
  precision: Precision,
  {
    layer,
    inputShapes,
  }: { readonly layer: GraphLayer; readonly inputShapes: readonly (readonly number[])[] },
): Promise<StockLayer> {
  const inputs = inputShapes.map((shape, index) => ({
    name: `${layer.name}_input_${index}`,
    className: 'InputLayer',
    config: {
      batch_input_shape: [null, ...shape],
      dtype: 'float32',
      sparse: false,
      name: `${layer.name}_input_${index}`,
    },
    weights: [],
  }));
  const indexes = inputs.map((_, index) => index);
  const calls: LayerCall[] = inputs.map(({ name }, index) => ({
    layer: name,
    inputs: [],
    outputShape: inputShapes[index]!,
  }));
  calls.push({ layer: layer.name, inputs: indexes, outputShape: [] });
  const stock = {
    name: layer.name,
    layers: [...inputs, layer],
    calls,
    inputs: indexes,
    outputs: [inputs.length],
  };
  const model = await modelFromGraph(stock).catch((cause: unknown) =>
    Promise.reject(notComputable(layer, cause)),
  );

  /** tfjs disposes what it wraps, so it gets a handle of its own. */
  const wrap = (id: number, shape: readonly number[]) => {
    const copy = backend.binding.executeOp(
      'Identity',
      [{ name: 'T', type: backend.binding.TF_ATTR_TYPE, value: 1 }],
      [id],
      1,
    )[0]!;
    return tf.reshape(backend.createOutputTensor(copy), [-1, ...shape]);
  };
  return {
    run(handles) {
      const exact =
        precision === 'float32' ? handles : handles.map((id) => native.cast(id, precision, 'float32'));
      const result = tf.tidy(() => {
        try {
          return model.predict(exact.map((id, index) => wrap(id, inputShapes[index]!))) as tf.Tensor;
        } catch (cause) {
          throw notComputable(layer, cause);
        }
      });
      if (precision !== 'float32') exact.forEach(native.free);
      const id = backend.getInputTensorIds([result])[0]!;
      const own = native.cast(id, 'float32', precision);
      result.dispose();
      return own;
    },
    dispose: () => void model.dispose(),
  };
}

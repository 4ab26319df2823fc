import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';
import type * as tf from '@tensorflow/tfjs-core';

/** A result that the native library holds. */
export interface TensorHandle {
  readonly id: number;
  readonly shape: number[];
  /** TensorFlow's own number of the type: 1 is float32, 14 is bfloat16. */
  readonly dtype: number;
}

/** An attribute of an operation; `type` is one of the binding's `TF_ATTR_*` numbers. */
export interface OperationAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The part of tfjs-node's native addon that is used here. */
export interface TensorflowBinding {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_BOOL: number;
  readonly TF_Version: string;
  createTensor(shape: readonly number[], dtype: number, values: ArrayBufferView): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array;
  executeOp(
    name: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorHandle[];
  isUsingGpuDevice(): boolean;
}

/** The tfjs backend object that tfjs-node registers under the name `tensorflow`. */
export interface TensorflowKernelBackend extends KernelBackend {
  readonly binding: TensorflowBinding;
  readonly isUsingGpuDevice: boolean;
  getInputTensorIds(tensors: readonly TensorInfo[]): number[];
  createOutputTensor(handle: TensorHandle): tf.Tensor;
  executeSingleOutput(
    name: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly TensorInfo[],
  ): tf.Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

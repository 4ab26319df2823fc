import type { ConstantArray } from '@tersor/network';
import type { AttributeProto } from 'onnx-buf' with { 'resolution-mode': 'import' };

/** A tensor whose values are in the file, or follow from such ones. */
export interface Constant extends ConstantArray {
  /** The element type that the file stores, `UINT8`; absent where it follows from others. */
  readonly stored?: string;
}

/** An operator of the file, applied once. */
export interface OnnxNode {
  /** Its own name, or that of its first output where it has none. */
  readonly name: string;
  readonly type: string;
  /** The domain before the type, unless it is that of ONNX itself. */
  readonly domain: string;
  /** Names of tensors; empty for an optional one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeProto>;
}

/** An input: its name, and its axes with the batch; `undefined` where the file leaves a length open. */
export interface OnnxInput {
  readonly name: string;
  /** Whether its values are floats of any size; all is computed in float32. */
  readonly isFloat: boolean;
  readonly dims: readonly (number | undefined)[];
}

/** What an ONNX file holds, as far as it is read. */
export interface OnnxModel {
  readonly name: string;
  /** Version of the operators. */
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, Constant>;
  readonly inputs: readonly OnnxInput[];
  readonly outputs: readonly string[];
}

import type { ConstantArray } from '@tersor/network';
import type { AttributeProto } from 'onnx-buf' with { 'resolution-mode': 'import' };

/** A tensor whose values are in the file, or are computed from such tensors. */
export interface Constant extends ConstantArray {
  /** Element type in the file, for instance `UINT8`; absent if it was computed. */
  readonly stored?: string;
}

/** A node: one application of an operator. */
export interface OnnxNode {
  /** Its name, or that of its first output if it has none. */
  readonly name: string;
  readonly type: string;
  /** The domain before the type, empty for that of ONNX itself. */
  readonly domain: string;
  /** Names of tensors; empty for an optional one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeProto>;
}

/** An input: its name, and its axes with the batch; `undefined` for open lengths. */
export interface OnnxInput {
  readonly name: string;
  /** Whether its values are floats of any size; all is computed in float32. */
  readonly isFloat: boolean;
  readonly dims: readonly (number | undefined)[];
}

/** The parts of an ONNX file that are read. */
export interface OnnxModel {
  readonly name: string;
  /** Version of the operators. */
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, Constant>;
  readonly inputs: readonly OnnxInput[];
  readonly outputs: readonly string[];
}

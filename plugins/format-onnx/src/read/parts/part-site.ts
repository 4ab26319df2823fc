import { constantPart, partShape, Refusal, type PartSource } from '@tersor/network';
import { optionalIntegers } from '../attributes.js';
import type { OnnxNode } from '../file/onnx-model.js';
import { axisAt } from '../site.js';

/** A node of a frozen part: its axes are those of the file, for a batch of one image. */
export interface PartSite {
  readonly node: OnnxNode;
  readonly opset: number;
  /** Its inputs; `undefined` for omitted optional ones. */
  readonly inputs: readonly (PartSource | undefined)[];
}

/** Turns a node into steps; returns its outputs. Throws `Refusal` if it cannot. */
export type PartOperator = (site: PartSite) => readonly PartSource[];

/** Input `index`. */
export function partAt({ inputs }: PartSite, index: number): PartSource {
  const source = inputs[index];
  if (!source) throw new Refusal(`has no input ${index + 1}`);
  return source;
}

/** Number of axes of a source, with the batch. */
export function rankOf(source: PartSource): number {
  return partShape(source).length;
}

/** Integers that are an attribute in older opsets, and a constant input in newer ones. */
export function listAt({ node, inputs }: PartSite, name: string, index: number): number[] | undefined {
  const listed = optionalIntegers(node, name);
  if (listed) return listed;
  return inputs[index] && [...constantPart(inputs[index], `"${name}"`).data];
}

/** The same, as axes of a source. */
export function axesAt(site: PartSite, index: number, x: PartSource): number[] | undefined {
  return listAt(site, 'axes', index)?.map((axis) => axisAt(axis, rankOf(x)));
}

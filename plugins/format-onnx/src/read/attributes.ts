import { Refusal } from '@tersor/network';
import { constantOf } from './file/tensor-data.js';
import type { Constant, OnnxNode } from './file/onnx-model.js';
import { isExternal } from './file/external-data.js';

const decoder = new TextDecoder();

/** An integer attribute of a node. */
export function integer(node: OnnxNode, name: string, otherwise: number): number {
  return optionalInteger(node, name) ?? otherwise;
}

export function optionalInteger({ attributes }: OnnxNode, name: string): number | undefined {
  const found = attributes.get(name);
  return found && Number(found.i);
}

export function optionalIntegers({ attributes }: OnnxNode, name: string): number[] | undefined {
  return attributes.get(name)?.ints.map(Number);
}

export function float({ attributes }: OnnxNode, name: string, otherwise: number): number {
  return attributes.get(name)?.f ?? otherwise;
}

export function text({ attributes }: OnnxNode, name: string, otherwise: string): string {
  const found = attributes.get(name);
  return found ? decoder.decode(found.s) : otherwise;
}

/** A tensor attribute of a node, if it has it. */
export function optionalTensor({ attributes }: OnnxNode, name: string): Constant | undefined {
  const tensor = attributes.get(name)?.t;
  if (tensor && isExternal(tensor)) throw new Refusal('is a constant that lies in another file');
  return tensor && constantOf(tensor);
}

/** Refuses a node whose attribute is set to another value than the given one. */
export function requireOnly(node: OnnxNode, name: string, value: number): void {
  const found = optionalInteger(node, name);
  if (found !== undefined && found !== value) throw new Refusal(`has ${name} = ${found}`);
}

/** Integers that are an attribute in older opsets and an input, read by `fromInput`, in newer ones. */
export function integersOf(
  node: OnnxNode,
  name: string,
  fromInput: () => Constant | undefined,
): number[] | undefined {
  const listed = optionalIntegers(node, name);
  if (listed) return listed;
  const constant = fromInput();
  return constant && [...constant.data];
}

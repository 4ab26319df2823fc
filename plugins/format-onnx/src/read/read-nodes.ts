import { Refusal, constant } from '@tersor/network';
import type { Builder } from './builder.js';
import { AXIS_FOLDS } from './constants/fold-along-axes.js';
import { ARITHMETIC_FOLDS, type Fold } from './constants/fold-arithmetic.js';
import { REDUCTION_FOLDS } from './constants/fold-reductions.js';
import { SHAPE_FOLDS, shapeConstant } from './constants/fold-shapes.js';
import type { OnnxModel, OnnxNode } from './file/onnx-model.js';
import { sizesOf, type Tensor } from './layout/tensor.js';
import { OPERATORS } from './operators/operator-table.js';
import { isKernelNode, type FrozenParts } from './parts/frozen-parts.js';
import { PART_OPERATORS } from './parts/part-operators.js';
import { anyTensor, dimsOf, type Site, type Value } from './site.js';

const FOLDS: ReadonlyMap<string, Fold> = new Map(
  Object.entries({ ...ARITHMETIC_FOLDS, ...AXIS_FOLDS, ...REDUCTION_FOLDS, ...SHAPE_FOLDS }),
);

/** Names of all supported operators, including those that are only computed on constants. */
export function knownOperators(): string[] {
  return [...new Set([...OPERATORS.keys(), ...FOLDS.keys(), 'Shape'])].sort();
}

/** Names of operators that are computed while reading if all their inputs are constants. */
export function foldedOperators(): string[] {
  return [...FOLDS.keys(), 'Shape'];
}

/** A node that cannot be read, and why. */
export interface Problem {
  readonly node: OnnxNode;
  /** `undefined` for an unknown operator. */
  readonly reason?: string;
}

/** A file whose nodes are being read. */
export interface Reading {
  readonly model: OnnxModel;
  readonly nodes: readonly OnnxNode[];
  readonly kept: ReadonlySet<OnnxNode>;
  readonly values: Map<string, Value | undefined>;
  readonly batch: number;
  readonly build: Builder;
  readonly parts: FrozenParts;
}

/** Reads all nodes, and returns those that cannot be read. Nodes that depend on these are skipped. */
export function readNodes(reading: Reading): Problem[] {
  const { model, nodes, values, parts } = reading;
  const problems: Problem[] = [];
  const used = new Set([...model.outputs, ...nodes.flatMap(({ inputs }) => inputs)]);
  for (const node of nodes) {
    const isKnown =
      isLayerOperator(node) ||
      (node.domain === '' && PART_OPERATORS.has(node.type) && reading.kept.has(node));
    const isLost = node.inputs.some((name) => name !== '' && !values.get(name) && !parts.has(name));
    if (!isKnown) problems.push({ node });
    if (!isKnown || isLost) continue;
    try {
      readNode(reading, node, used);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      problems.push({ node, reason: error.message });
    }
  }
  return problems;
}

/** Reads a node as layers, or else as steps of a frozen part. Throws `Refusal`. */
function readNode(
  { model: { opset }, kept, values, batch, build, parts }: Reading,
  node: OnnxNode,
  used: ReadonlySet<string>,
): void {
  const isConstant = (name: string) => !parts.has(name) && values.get(name)?.kind === 'constant';
  const canBePart = kept.has(node) && node.domain === '' && PART_OPERATORS.has(node.type);
  // A part goes on up to the next kernel, so that it is one layer.
  const goesOn = node.inputs.some((name) => parts.has(name)) && !isKernelNode(node, isConstant);
  let problem: Refusal | undefined;
  for (const asPart of goesOn ? [true, false] : [false, true]) {
    if (asPart ? !canBePart : !isLayerOperator(node)) continue;
    try {
      if (asPart) {
        for (const [name, value] of parts.read(node, opset, (each) => values.get(each)))
          values.set(name, value);
        return;
      }
      const inputs = node.inputs.map((name) =>
        name === '' ? undefined : (parts.tensorAt(name) ?? values.get(name)),
      );
      build.begin(node.name);
      const results = resultsOf({ node, opset, batch, inputs, build });
      node.outputs.forEach((name, i) => {
        if (results[i]) values.set(name, results[i]);
        else if (name !== '' && used.has(name)) throw new Refusal(`gives "${name}" too, which is not read`);
      });
      return;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (problem === undefined || !asPart) problem = error;
    }
  }
  if (problem) throw problem;
}

/** Whether an operator is known outside of frozen parts. */
function isLayerOperator({ domain, type }: OnnxNode): boolean {
  return domain === '' && (OPERATORS.has(type) || FOLDS.has(type) || type === 'Shape');
}

function resultsOf(site: Site): readonly Value[] {
  const { node, inputs } = site;
  if (node.type === 'Shape') {
    const [value] = inputs;
    if (!value) throw new Refusal('has no input 1');
    const dims = value.kind === 'tensor' ? anyTensor(site).dims : value.dims;
    return [shapeConstant(site, dims)];
  }
  const isConstant = inputs.every((value) => value?.kind !== 'tensor');
  if (!isConstant && node.type === 'Size') {
    const dims = dimsOf(site, sizesOf(inputs[0] as Tensor));
    return [constant('integer', [], [dims.reduce((product, size) => product * size, 1)])];
  }
  const read = isConstant ? FOLDS.get(node.type) : OPERATORS.get(node.type);
  if (!read)
    throw new Refusal(
      isConstant ? 'reads constants alone, which is not worked out' : 'is worked out on constants alone',
    );
  return read(site);
}

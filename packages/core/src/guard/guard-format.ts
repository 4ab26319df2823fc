import { existsSync, readdirSync } from 'node:fs';
import { isAbsolute, join, normalize } from 'node:path';
import type { Format, WeightCodes } from '../contracts/format.js';
import type { LayerGraph } from '../contracts/layer-graph.js';
import type { EncodedTensor } from '../contracts/quantizer.js';
import type { ModelContent } from '../contracts/run-identity.js';
import { misbehaved, type Culprit } from './culprit.js';
import { guarded } from './guarded.js';
import { isInside } from '../files/is-inside.js';
import { isArrayOf } from './values.js';
import { elementCount } from '../tensors/element-count.js';

/**
 * A format that keeps to its contract: what it reads is a network whose names, calls, shapes and weights fit
 * one another. Whether its layers compute what the file says is for the contract's tests.
 */
export function guardFormat(culprit: Culprit, format: Format): Format {
  return guarded(culprit, format, {
    now: {
      recognises: (result) => {
        if (typeof result !== 'boolean')
          throw misbehaved(culprit, 'recognises', 'true or false, at once', result);
        return result;
      },
      stored: (result) => checkedGraph(culprit, result, 'stored'),
    },
    later: {
      mayReplace: (result) => {
        if (typeof result !== 'boolean') throw misbehaved(culprit, 'mayReplace', 'true or false', result);
        return result;
      },
      read: (result) => checkedGraph(culprit, result, 'read'),
      parts: (result) => {
        if (!Array.isArray(result) || result.length === 0 || !result.every(isName))
          throw misbehaved(culprit, 'parts', 'one path or more', result);
        return result as readonly string[];
      },
      content: (result) => {
        const { topology, weights } = (result ?? {}) as Partial<ModelContent>;
        if (!isName(topology) || (weights !== undefined && !isName(weights)))
          throw misbehaved(culprit, 'content', '{ topology, weights }, both texts', result);
        return result as ModelContent;
      },
      codes: (result) => {
        const isMap = Object.prototype.toString.call(result) === '[object Map]';
        const codes = result as WeightCodes;
        if (!isMap || ![...codes].every(([name, tensor]) => isName(name) && isEncoded(tensor)))
          throw misbehaved(culprit, 'codes', 'a Map of encoded arrays by "layer/weight"', result);
        return codes;
      },
      write: (result, _graph, folder) => {
        if (!isName(result) || !isWritten(result, folder))
          throw misbehaved(culprit, 'write', 'the name of a file that it wrote, or "." for all', result);
        return normalize(result);
      },
    },
  });
}

/** Whether a value has the members of an encoded array; whether they decode is for the contract's tests. */
function isEncoded(value: unknown): boolean {
  const { codec, shape, codes } = (value ?? {}) as Partial<EncodedTensor>;
  return (
    (codec === 'linear' || codec === 'codebook') &&
    Array.isArray(shape) &&
    isArrayOf('Uint8Array', codes) &&
    codes.length === elementCount(shape)
  );
}

function checkedGraph(culprit: Culprit, result: unknown, method: 'read' | 'stored'): LayerGraph {
  const problem = graphProblem(result);
  if (problem === undefined) return result as LayerGraph;
  throw misbehaved(culprit, problem.member.replace(/read$/, method), problem.expected, problem.found);
}

interface Problem {
  /** Ends with the method that gave the graph. */
  readonly member: string;
  readonly expected: string;
  readonly found: unknown;
}

/** What is wrong with a layer graph; undefined for a whole one. */
function graphProblem(value: unknown): Problem | undefined {
  const graph = (value ?? {}) as LayerGraph;
  const { name, layers, calls, inputs, outputs } = graph;
  if (!isName(name) || ![layers, calls, inputs, outputs].every(Array.isArray))
    return { member: 'read', expected: '{ name, layers, calls, inputs, outputs }', found: value };
  return layersProblem(graph) ?? callsProblem(graph);
}

function layersProblem({ layers }: LayerGraph): Problem | undefined {
  const names = new Set<string>();
  for (const [i, layer] of layers.entries()) {
    const at = `layers[${i}] of read`;
    const { name, className, config, weights } = layer;
    const isWhole = isName(name) && isName(className) && typeof config === 'object' && Array.isArray(weights);
    if (!isWhole) return { member: at, expected: '{ name, className, config, weights }', found: layer };
    if (names.has(name)) return { member: at, expected: 'a name that no other layer has', found: name };
    names.add(name);
    for (const weight of weights) {
      const { shape, data } = weight;
      const size = Array.isArray(shape) && shape.every(Number.isInteger) ? elementCount(shape) : undefined;
      if (isName(weight.name) && isArrayOf('Float32Array', data) && data.length === size) continue;
      const expected = size === undefined ? 'a shape of whole numbers' : `a Float32Array of ${size} values`;
      const member = `the weight ${name}/${String(weight.name)} of read`;
      return { member, expected, found: size === undefined ? shape : data };
    }
  }
  return undefined;
}

function callsProblem({ layers, calls, inputs, outputs }: LayerGraph): Problem | undefined {
  const classes = new Map(layers.map(({ name, className }) => [name, className]));
  const called = new Set<string>();
  for (const [i, call] of calls.entries()) {
    const at = `calls[${i}] of read`;
    const before = (index: unknown) => Number.isInteger(index) && Number(index) >= 0 && Number(index) < i;
    if (!classes.has(call.layer))
      return { member: at, expected: 'the name of one of the layers', found: call.layer };
    if (!Array.isArray(call.inputs) || !call.inputs.every(before))
      return { member: at, expected: 'inputs that are indexes of earlier calls', found: call.inputs };
    if (!Array.isArray(call.outputShape))
      return { member: at, expected: 'an outputShape without the batch', found: call.outputShape };
    called.add(call.layer);
  }
  const unused = layers.find(({ name }) => !called.has(name));
  if (unused) return { member: 'read', expected: 'a call of every layer', found: unused.name };
  const isCall = (index: number) => calls[index] !== undefined;
  const isInput = (index: number) => isCall(index) && classes.get(calls[index]!.layer) === 'InputLayer';
  if (inputs.length === 0 || !inputs.every(isInput))
    return { member: 'inputs of read', expected: 'indexes of calls of an InputLayer', found: inputs };
  if (outputs.length === 0 || !outputs.every(isCall))
    return { member: 'outputs of read', expected: 'indexes of calls', found: outputs };
  return undefined;
}

/** Whether a relative path, which stays in the folder, leads to something. */
function isWritten(path: string, folder: string): boolean {
  const isRelative = !isAbsolute(path) && isInside(folder, join(folder, path));
  return isRelative && existsSync(join(folder, path)) && readdirSync(folder).length > 0;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

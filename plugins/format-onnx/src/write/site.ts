import type { EncodedTensor, GraphLayer, WeightTensor } from '@tersor/core';
import { Refusal } from '@tersor/network';
import type { Draft } from './draft.js';
import type { Shape, Value } from './value.js';

/** A call of a layer that is being written. */
export interface WriteSite {
  readonly draft: Draft;
  readonly layer: GraphLayer;
  readonly inputs: readonly Value[];
  /** Shape of one sample of its output, channels last. */
  readonly outputShape: Shape;
  /** Weights as integer codes, by `layer/weight`. */
  readonly codes: ReadonlyMap<string, EncodedTensor>;
  /** Whether all readers of its output do the zero padding themselves. */
  readonly readersPad: boolean;
}

/** Writes what a layer computes, or throws a `Refusal`. */
export type LayerWriter = (site: WriteSite) => Value;

/** A weight by its role; in wrappers, names have the wrapped layer before the role. */
export function findWeight({ layer }: WriteSite, role: string): WeightTensor | undefined {
  return layer.weights.find(({ name }) => name === role || name.endsWith(`/${role}`));
}

/** The same for a required weight. */
export function weightOf(site: WriteSite, role: string): WeightTensor {
  const found = findWeight(site, role);
  if (!found) throw new Refusal(`has no weight "${role}"`);
  return found;
}

/** A vector of weights as a constant; channels first if it has more than one axis. */
export function vector(site: WriteSite, role: string, fallback: number, size: number): string {
  const { draft, layer } = site;
  const data = findWeight(site, role)?.data ?? new Float32Array(size).fill(fallback);
  return shared(draft, `${layer.name}/${role}`, () => draft.values(`${layer.name}/${role}`, [size], data));
}

/** A constant that several calls of a layer share. */
export function shared(draft: Draft, name: string, make: () => string): string {
  const made = draft.shared.get(name) ?? make();
  draft.shared.set(name, made);
  return made;
}

/** Reads a setting as one number per axis; one number counts for all. */
export function numbers(value: unknown, count: number, fallback = 1): number[] {
  const given = Array.isArray(value) ? value.map(Number) : [Number(value ?? fallback)];
  return given.length === count ? given : Array.from({ length: count }, () => given[0] ?? fallback);
}

/** The size of an axis; refuses an open one. */
export function known(shape: Shape, axis: number): number {
  const size = shape.at(axis);
  if (size === undefined)
    throw new Refusal('needs to know the size of its input, which the model leaves open');
  return size;
}

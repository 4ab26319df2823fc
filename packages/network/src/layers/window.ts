import type { GraphLayer } from '@tersor/core';
import { isChannelsFirst } from '../graph/channels-first.js';
import { weightShape } from './layer-weights.js';
import type { KernelWindow } from './layer-facts.js';

/**
 * How a layer's 2-D kernel moves over its input; `undefined` if the kernel does not have four axes, for
 * padding other than `same` and `valid`, and for channels first.
 */
export function kernelWindow(layer: GraphLayer, kernel: string): KernelWindow | undefined {
  const shape = weightShape(layer, kernel);
  const { padding, strides: strideConfig, dilation_rate: dilationConfig } = layer.config;
  const strides = pairOf(strideConfig ?? 1);
  const dilation = pairOf(dilationConfig ?? 1);
  if (shape?.length !== 4 || !isPadding(padding) || !strides || !dilation || isChannelsFirst(layer))
    return undefined;
  return { size: [shape[0]!, shape[1]!], strides, dilation, padding };
}

/** Reads a setting for rows and columns; one number counts for both. */
export function pairOf(value: unknown): readonly [number, number] | undefined {
  if (typeof value === 'number') return [value, value];
  if (Array.isArray(value) && value.length === 1) return [Number(value[0]), Number(value[0])];
  return Array.isArray(value) && value.length === 2 ? [Number(value[0]), Number(value[1])] : undefined;
}

/** Whether a config's padding is supported for windows. */
export function isPadding(value: unknown): value is 'same' | 'valid' {
  return value === 'same' || value === 'valid';
}

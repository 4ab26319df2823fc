import type { GraphLayer } from '@tersor/core';
import { isSoftmax } from '../graph/softmax-activation.js';
import type { ChannelTable } from './channel-table.js';

/** A call of a layer as a rule sees it. Shapes are one sample's; channels are listed along the last axis. */
export interface CallSite {
  readonly layer: GraphLayer;
  readonly inputs: readonly (readonly number[])[];
  readonly inputShapes: readonly (readonly (number | undefined)[])[];
  readonly outputShape: readonly (number | undefined)[];
}

/**
 * What a layer does to channels: joins, freezes, says which weight axes they own, and returns the channels of
 * its output's last axis. `undefined`: this use of the layer is not understood, and becomes a barrier.
 */
export type LayerRule = (site: CallSite, table: ChannelTable) => readonly number[] | undefined;

/** Shape of a weight of the layer; `undefined` when it has no such weight. */
export function weightShape(layer: GraphLayer, name: string): readonly number[] | undefined {
  return layer.weights.find((weight) => weight.name === name)?.shape;
}

/**
 * Whether an axis of a Keras config (which counts the batch) names the last axis of a sample of that rank.
 */
export function isLastAxis(axis: unknown, sampleRank: number): boolean {
  const value = Array.isArray(axis) && axis.length === 1 ? axis[0] : axis;
  return value === undefined || value === null || value === -1 || value === sampleRank;
}

/** Freezes channels whose layer ends in an activation that mixes them. */
export function freezeMixing(layer: GraphLayer, channels: readonly number[], table: ChannelTable): void {
  const activation = layer.config['activation'];
  if (isSoftmax(activation)) {
    table.freeze(channels, `${layer.name}: ${String(activation)} divides by a sum over all channels`);
  }
}

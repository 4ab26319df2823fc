import {
  definePlugin,
  type LayerGraph,
  type LimitContext,
  type LimitFactory,
  type Plugin,
  type QuantizeLimit,
} from '@tersor/core';
import { bitOperations, cost, isKernel, weightSlots } from '@tersor/network';
import { encodedFloor, headerSize, rawSize } from '../pack/pack-model.js';
import { absolute, countText, LIMIT, shareOptions } from './share-options.js';

type BitLimitFactory = Omit<LimitFactory, 'quantize'> & { quantize(context: LimitContext): QuantizeLimit };

/** Bytes of the packed file; a share is one of the original's files. */
export function createBytesLimit(value: number): BitLimitFactory {
  return {
    id: 'bytes',
    quantize: ({ name, originalBytes }): QuantizeLimit => ({
      name,
      limit: absolute(value, originalBytes),
      ...(value <= 1 && { given: `${value} of the ${originalBytes} bytes of the original's files` }),
      prepare: ({ layers, smallest, bytes, fileBytes }) => {
        const codes = layers.reduce((sum, _layer, i) => sum + bytes(i, smallest.weights), 0);
        return {
          fixed: fileBytes(layers.map(() => smallest)) - codes,
          part: (layer, { weights }) => bytes(layer, weights),
        };
      },
      estimate: (graph, layers, { weights }) => estimatedBytes(graph, layers, weights),
      format: (figure, round) => `${countText(figure, round)} bytes`,
      reached: 'the file has',
    }),
  };
}

/** Bit operations of one image: multiply-adds times weight bits times input bits, 32 for floats. */
export function createBitOperationsLimit(value: number): BitLimitFactory {
  return {
    id: 'bops',
    quantize: ({ name, original }): QuantizeLimit => ({
      name,
      limit: absolute(value, bitOperations(original)),
      prepare: ({ graph, layers }) => {
        const macs = new Map(cost(graph).layers.map((layer) => [layer.name, layer.macs]));
        const names = new Set(layers.map((layer) => layer.name));
        return {
          fixed: bitOperations(graph, (layer) => (names.has(layer) ? { weights: 0 } : {})),
          part: (layer, { weights, activations }) => macs.get(layers[layer]!.name)! * weights * activations,
        };
      },
      estimate: (graph, layers, bits) => {
        const operations = bitOperations(graph, (layer) => (layers.has(layer) ? bits : {}));
        return { certain: operations, about: operations };
      },
      format: (figure, round) => `${countText(figure, round)} bit operations`,
      reached: 'the network has',
    }),
  };
}

export const bytesLimit: Plugin = definePlugin({
  ...LIMIT,
  id: 'bytes',
  description: 'stage 2: bytes of the packed file',
  options: shareOptions,
  create: ({ value }) => createBytesLimit(value),
});

export const bitOperationsLimit: Plugin = definePlugin({
  ...LIMIT,
  id: 'bops',
  description: 'stage 2: bit operations (multiply-adds x weight bits x activation bits)',
  options: shareOptions,
  create: ({ value }) => createBitOperationsLimit(value),
});

/** A file whose codes take no space at all, and one whose codes are not compressed. */
function estimatedBytes(
  graph: LayerGraph,
  layers: ReadonlySet<string>,
  bits: number,
): { certain: number; about: number } {
  let certain = headerSize(graph);
  let codes = 0;
  for (const { layer, weight } of weightSlots(graph)) {
    const hasCodes = layers.has(layer.name) && isKernel(weight);
    certain += hasCodes ? encodedFloor : rawSize(weight.data);
    if (hasCodes) codes += Math.ceil((weight.data.length * bits) / 8);
  }
  return { certain, about: certain + codes };
}

import { serialization } from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { registerLayers } from '@tersor/runtime';
import type { LayerGraph } from '@tersor/core';
import { graphFromModel } from '../src/graph/model-graph.js';
import { convolve, head, withRandomWeights } from './random-network.js';

type Symbolic = layers.SymbolicTensor;
type Layer = layers.layers.Layer;

/** What random networks of Tersor's own layers are made of. */
export const OWN_KINDS = [
  'convolution',
  'grouped',
  'grouped',
  'whole groups',
  'pad',
  'pool',
  'resize',
  'split',
  'slice',
  'shuffle',
  'shuffle unit',
  'hard sigmoid',
  'power',
  'subtract',
  'divide',
  'normalize',
] as const;

/** One step of building a network: what is added to the last tensor, and how. */
export interface OwnInstruction {
  readonly kind: (typeof OWN_KINDS)[number];
  readonly size: number;
  readonly variant: number;
}

/** One of Tersor's layers, by its class. */
export function ownLayer(className: string, config: Record<string, unknown>): Layer {
  registerLayers();
  const [Class] = serialization.SerializationMap.getMap().classNameMap[className]!;
  return new Class(config as never) as Layer;
}

/** A tiny network by instructions; every list of them makes a valid one. Weights are drawn from the seed. */
export async function ownLayersNetwork(
  instructions: readonly OwnInstruction[],
  seed: number,
): Promise<LayerGraph> {
  const input = layers.input({ shape: [6, 6, 3] });
  let tensor = convolve(input, 6, 3, 1, seed);
  for (const instruction of instructions) tensor = addTo(tensor, instruction);
  const model = layers.model({ inputs: input, outputs: head(tensor, seed % 2 === 0) });
  const graph = withRandomWeights(await graphFromModel(model), seed);
  model.dispose();
  return graph;
}

function addTo(x: Symbolic, { kind, size, variant }: OwnInstruction): Symbolic {
  const [height = 0, width = 0, channels = 0] = x.shape.slice(1) as number[];
  const small = height < 3 || width < 3;
  const own = (className: string, config: Record<string, unknown> = {}, to: Symbolic | Symbolic[] = x) =>
    ownLayer(className, config).apply(to) as Symbolic;
  const grouped = (groups: number, filters: number, to = x) =>
    own(
      'TersorGroupedConv2D',
      {
        groups,
        filters,
        kernelSize: small ? 1 : 2 + (variant % 2),
        strides: small || variant % 5 > 0 ? 1 : 2,
        padding: variant % 3 ? 'same' : 'valid',
        useBias: variant % 2 === 0,
        activation: variant % 4 ? 'relu' : 'linear',
      },
      to,
    );
  switch (kind) {
    case 'convolution':
      return convolve(x, 2 * size, 3, 1, variant);
    case 'grouped': {
      const groups = 2 + (variant % 2);
      const wide = channels % groups === 0 ? x : convolve(x, groups * size, 1, 1, variant);
      return grouped(groups, groups * size, wide);
    }
    // As many groups as there are channels, or half of them.
    case 'whole groups': {
      const wide = convolve(x, 2 * size, 1, 1, variant);
      return variant % 2 ? grouped(size, 3 * size, wide) : grouped(2 * size, 2 * size, wide);
    }
    case 'pad':
      return height > 8
        ? x
        : own('TersorPad2D', {
            padding: [[1, 0], [variant % 2, 1]], // prettier-ignore
            mode: small ? 'constant' : ['constant', 'reflect', 'edge'][variant % 3],
            value: variant % 4,
          });
    case 'pool':
      return small
        ? x
        : own('TersorPooling2D', {
            operation: variant % 2 ? 'max' : 'average',
            poolSize: 3,
            strides: 2,
            padding: [[1, 1], [0, variant % 3 ? 1 : 0]], // prettier-ignore
            countPadding: variant % 3 === 0,
          });
    case 'resize':
      return own('TersorResize2D', {
        size: [2 + size, 3 + (variant % 4)],
        interpolation: variant % 2 ? 'nearest' : 'bilinear',
        coordinates: ['half_pixel', 'asymmetric', 'align_corners'][variant % 3],
      });
    // Both halves, of which one is read by a convolution and the other goes on.
    case 'split': {
      if (channels % 2 > 0) return x;
      const half = channels / 2;
      const [left, right] = [0, half].map((start) =>
        own('TersorSlice', { axis: 3, start, end: start + half }),
      ) as [Symbolic, Symbolic];
      if (variant % 2) return own('TersorSubtract', {}, [left, right]);
      const changed = convolve(left, size, 1, 1, variant);
      return layers.layers.concatenate().apply([changed, right]) as Symbolic;
    }
    case 'slice':
      return variant % 2
        ? own('TersorSlice', {
            axis: 3,
            start: Math.min(1, channels - 1),
            end: channels,
            step: 1 + (size % 2),
          })
        : own('TersorSlice', { axis: 1 + (size % 2), start: 0, end: size % 2 ? width : height, step: 2 });
    case 'shuffle':
      return channels % 2 ? x : own('TersorChannelShuffle', { groups: 2 });
    // ShuffleNetV2's: half of the channels pass, the other half is changed, and they are mixed.
    case 'shuffle unit': {
      const wide = channels % 4 === 0 ? x : convolve(x, 4 * size, 1, 1, variant);
      const half = (wide.shape.at(-1) as number) / 2;
      const [left, right] = [0, half].map((start) =>
        own('TersorSlice', { axis: 3, start, end: start + half }, wide),
      ) as [Symbolic, Symbolic];
      const changed = convolve(convolve(right, size, 1, 1, variant), half, 1, 1, variant + 1);
      const joined = layers.layers.concatenate().apply([left, changed]) as Symbolic;
      return own('TersorChannelShuffle', { groups: 2 }, joined);
    }
    case 'hard sigmoid':
      return own('TersorHardSigmoid', { alpha: 0.25, beta: 0.5 });
    case 'power':
      return own('TersorPower', { exponent: 2 });
    case 'subtract':
      return own('TersorSubtract', {}, [x, convolve(x, variant % 3 ? channels : 1, 1, 1, variant)]);
    case 'divide': {
      const divisor = own('TersorHardSigmoid', { alpha: 0.01, beta: 0.8 }, convolve(x, channels, 1, 1, 1));
      return own('TersorDivide', {}, [x, divisor]);
    }
    case 'normalize':
      return layers.layers.layerNormalization(variant % 2 ? {} : { axis: [1, 2] }).apply(x) as Symbolic;
  }
}

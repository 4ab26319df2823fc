import * as layers from '@tensorflow/tfjs-layers';
import { createRandom, type LayerGraph } from '@tersor/core';
import { graphFromModel } from '../src/graph/model-graph.js';

type Symbolic = layers.SymbolicTensor;
type Layer = layers.LayersModel['layers'][number];

/** One step of building a network: what is added, to which of the tensors so far, and how. */
export interface Instruction {
  readonly kind: (typeof KINDS)[number];
  readonly at: number;
  readonly other: number;
  readonly size: number;
  readonly variant: number;
}

/** What a random network is made of. */
export const KINDS = [
  'conv',
  'conv',
  'depthwise',
  'separable',
  'transpose',
  'batch-norm',
  'activation',
  'prelu',
  'pool',
  'pad',
  'crop',
  'upsample',
  'dropout',
  'residual',
  'merge',
  'concatenate',
  'dense-block',
  'squeeze-excite',
  'gate',
  'shared',
  'nested',
  'reshape',
  'spatial-concatenate',
  'channel-softmax',
  'normalize',
] as const;

const SILENT = {
  kernelInitializer: 'zeros',
  biasInitializer: 'zeros',
  depthwiseInitializer: 'zeros',
  pointwiseInitializer: 'zeros',
} as const;
const ACTIVATIONS = ['linear', 'relu', 'sigmoid', 'tanh', 'elu'] as const;

/**
 * Builds a network of tiny shapes from instructions; every list of them makes a valid network. Weights are
 * drawn from the seed.
 */
export async function randomNetwork(instructions: readonly Instruction[], seed: number): Promise<LayerGraph> {
  const model = buildModel(instructions, seed);
  const graph = await graphFromModel(model);
  model.dispose();
  return withRandomWeights(graph, seed);
}

/**
 * The same network with weights drawn from the seed: every channel different, so that no mistake cancels out.
 */
export function withRandomWeights(graph: LayerGraph, seed: number): LayerGraph {
  const random = createRandom(seed, 'weights');
  const draw = (name: string, fanIn: number) => {
    if (name === 'moving_variance' || name === 'gamma') return 0.5 + random.uniform();
    return name.endsWith('kernel') ? random.normal() / Math.sqrt(fanIn) : random.normal() * 0.3;
  };
  return {
    ...graph,
    layers: graph.layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) => {
        const fanIn = weight.name === 'depthwise_kernel' ? 4 : weight.data.length / weight.shape.at(-1)!;
        return { ...weight, data: weight.data.map(() => draw(weight.name, fanIn)) };
      }),
    })),
  };
}

function buildModel(instructions: readonly Instruction[], seed: number): layers.LayersModel {
  const input = layers.input({ shape: [6, 6, 3] });
  const tensors: Symbolic[] = [convolve(input, 4, 3, 1, 1)];
  const shareable: { layer: Layer; channels: number }[] = [];
  for (const instruction of instructions) {
    const next = addTo(tensors, shareable, instruction);
    if (next) tensors.push(next);
  }
  const heads = [head(tensors.at(-1)!, seed % 2 === 0)];
  if (seed % 3 === 0) heads.push(head(tensors[seed % tensors.length]!, seed % 2 === 1));
  return layers.model({ inputs: input, outputs: heads });
}

/** What a network ends with: all positions or their mean, a hidden layer and a softmax. */
export function head(tensor: Symbolic, flatten: boolean): Symbolic {
  const features = flatten ? layers.layers.flatten() : layers.layers.globalAveragePooling2d({});
  const hidden = layers.layers
    .dense({ units: 3, activation: 'relu', ...SILENT })
    .apply(features.apply(tensor));
  return layers.layers.dense({ units: 2, activation: 'softmax', ...SILENT }).apply(hidden) as Symbolic;
}

function addTo(
  tensors: readonly Symbolic[],
  shareable: { layer: Layer; channels: number }[],
  instruction: Instruction,
): Symbolic | undefined {
  const { kind, size, variant } = instruction;
  const x = tensors[tensors.length - 1 - (instruction.at % Math.min(3, tensors.length))]!;
  const [height = 0, width = 0, channels = 0] = x.shape.slice(1) as number[];
  const small = height < 3 || width < 3;
  const library = layers.layers;
  const apply = (layer: Layer, to: Symbolic | Symbolic[] = x) => layer.apply(to) as Symbolic;
  // A partner of the same shape: an earlier tensor if there is one, else one made to fit.
  const partner =
    tensors.find(
      (tensor, i) =>
        i >= instruction.other % tensors.length && tensor !== x && tensor.shape.join() === x.shape.join(),
    ) ?? convolve(x, channels, 1, 1, variant);
  switch (kind) {
    case 'conv': {
      const layer = convolution(
        size,
        small ? 1 : 1 + 2 * (variant % 2),
        small ? 1 : 1 + (variant % 3 === 0 ? 1 : 0),
        variant,
      );
      shareable.push({ layer, channels });
      return apply(layer);
    }
    case 'depthwise':
      return apply(
        library.depthwiseConv2d({
          kernelSize: small ? 1 : 3,
          padding: 'same',
          depthMultiplier: channels > 8 ? 1 : 1 + (variant % 2),
          useBias: variant % 3 > 0,
          activation: ACTIVATIONS[variant % 5]!,
          ...SILENT,
        }),
      );
    case 'separable':
      return apply(
        library.separableConv2d({
          filters: size,
          kernelSize: small ? 1 : 3,
          padding: 'same',
          depthMultiplier: 1 + (variant % 2),
          useBias: variant % 3 > 0,
          depthwiseInitializer: 'zeros',
          pointwiseInitializer: 'zeros',
        }),
      );
    case 'transpose':
      return height > 8
        ? undefined
        : apply(
            library.conv2dTranspose({
              filters: size,
              kernelSize: 2,
              strides: 1 + (variant % 2),
              padding: 'same',
              ...SILENT,
            }),
          );
    case 'batch-norm':
      return apply(library.batchNormalization({ scale: variant % 2 === 0, center: variant % 3 > 0 }));
    case 'activation':
      return apply(
        variant % 2 ? library.leakyReLU({}) : library.activation({ activation: ACTIVATIONS[size % 5]! }),
      );
    case 'prelu':
      return apply(library.prelu({ sharedAxes: [[], [1, 2], [3], [1, 2, 3]][variant % 4]! }));
    case 'pool':
      return small
        ? undefined
        : apply(
            variant % 2
              ? library.maxPooling2d({ poolSize: 2, padding: variant % 3 ? 'same' : 'valid' })
              : library.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
          );
    case 'pad':
      return height > 8
        ? undefined
        : apply(
            library.zeroPadding2d({
              padding: [
                [variant % 2, 1],
                [0, 1],
              ],
            }),
          );
    case 'crop':
      return small
        ? undefined
        : apply(
            library.cropping2D({
              cropping: [
                [1, 0],
                [0, variant % 2],
              ],
            }),
          );
    case 'upsample':
      return height > 4 ? undefined : apply(library.upSampling2d({ size: [2, 2] }));
    case 'dropout':
      return apply(library.dropout({ rate: 0.5 }));
    case 'residual':
      return apply(library.add(), [
        x,
        apply(
          library.batchNormalization({}),
          convolve(convolve(x, size, 3, 1, variant), channels, 3, 1, variant + 1),
        ),
      ]);
    case 'merge': {
      const merges = [
        library.add(),
        library.multiply(),
        library.maximum(),
        library.average(),
        library.minimum(),
      ];
      return apply(merges[variant % merges.length]!, variant % 2 ? [partner, x] : [x, partner]);
    }
    case 'concatenate': {
      const fitting = tensors.filter((tensor) => tensor.shape[1] === height && tensor.shape[2] === width);
      const chosen = [
        x,
        fitting[instruction.other % fitting.length]!,
        ...(variant % 2 ? [convolve(x, size, 1, 1, variant)] : []),
      ];
      return chosen.reduce((sum, tensor) => sum + tensor.shape.at(-1)!, 0) > 24
        ? undefined
        : apply(library.concatenate(variant % 3 ? {} : { axis: 3 }), chosen);
    }
    case 'dense-block': {
      if (channels > 12) return undefined;
      const first = apply(library.concatenate({}), [x, convolve(x, size, 3, 1, variant)]);
      return apply(library.concatenate({}), [first, convolve(first, size, 3, 1, variant + 1)]);
    }
    case 'squeeze-excite': {
      const squeezed = apply(
        library.dense({ units: size, activation: 'relu', ...SILENT }),
        apply(library.globalAveragePooling2d({})),
      );
      const excited = apply(library.dense({ units: channels, activation: 'sigmoid', ...SILENT }), squeezed);
      return apply(library.multiply(), [
        x,
        variant % 2 ? apply(library.reshape({ targetShape: [1, 1, channels] }), excited) : excited,
      ]);
    }
    case 'gate':
      return apply(library.multiply(), [x, convolve(x, 1, 1, 1, 2)]);
    case 'shared': {
      const found = shareable.find(
        (candidate, i) =>
          i >= instruction.other % Math.max(1, shareable.length) && candidate.channels === channels,
      );
      return found && !small ? apply(found.layer) : undefined;
    }
    case 'nested': {
      const inner = layers.input({ shape: [height, width, channels] });
      const body = convolve(
        apply(library.batchNormalization({}), convolve(inner, size, 1, 1, variant)),
        size,
        1,
        1,
        variant + 2,
      );
      return apply(layers.model({ inputs: inner, outputs: body }) as unknown as Layer);
    }
    case 'reshape': {
      const shapes = [
        [1, height * width, channels],
        [height, 1, width * channels],
        [width, height, channels],
        [height * width, channels, 1],
      ];
      return height * channels > 60
        ? undefined
        : apply(library.reshape({ targetShape: shapes[variant % 4]! }));
    }
    case 'spatial-concatenate':
      return height > 8 ? undefined : apply(library.concatenate({ axis: 1 + (variant % 2) }), [x, partner]);
    case 'channel-softmax':
      return apply(
        variant % 2 ? library.softmax({ axis: -1 }) : library.activation({ activation: 'softmax' }),
      );
    case 'normalize':
      return apply(library.layerNormalization({}));
  }
}

function convolution(filters: number, kernelSize: number, strides: number, variant: number): Layer {
  return layers.layers.conv2d({
    filters,
    kernelSize,
    strides,
    padding: 'same',
    useBias: variant % 2 === 0,
    activation: ACTIVATIONS[variant % 5]!,
    ...SILENT,
  });
}

/** A `same` convolution of a tensor, pointwise where that is small. */
export function convolve(
  x: Symbolic,
  filters: number,
  kernelSize: number,
  strides: number,
  variant: number,
): Symbolic {
  const small = x.shape[1]! < kernelSize || x.shape[2]! < kernelSize;
  return convolution(filters, small ? 1 : kernelSize, strides, variant).apply(x) as Symbolic;
}

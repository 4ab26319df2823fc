import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, type Dataset, type LayerGraph } from '@tersor/core';
import {
  calibrateActivations,
  compileFused,
  graphFromModel,
  initializeKernels,
  isKernel,
  stockBackend,
} from '@tersor/network';
import { wholeStepsQuantizer } from '../../test/whole-steps.js';
import { withHalfPrecision } from '../pack/half-precision.js';
import { packModel } from '../pack/pack-model.js';
import { encodeGraph, layersWithKernels, withEncodedWeights } from '../policy/quantized-graph.js';
import { withPolicyActivations } from '../policy/quantize-policy.js';
import { prepareCalibration } from './calibration.js';

const { layers } = tfl;
const SIDE = 8;
const SIZE = SIDE * SIDE * 3;
const IMAGES = 60;

/** Images with a structure: brightness, a slope, and noise. */
const pixels = (() => {
  const random = createRandom(1, 'images');
  return Float32Array.from({ length: IMAGES * SIZE }, (_, at) => {
    const image = Math.floor(at / SIZE);
    const row = Math.floor((at % SIZE) / (SIDE * 3));
    return Math.sin(image) + ((image % 5) - 2) * 0.2 * row + 0.3 * random.normal();
  });
})();

const dataset: Dataset = {
  id: 'slopes',
  imageShape: [SIDE, SIDE, 3],
  classNames: ['a', 'b', 'c', 'd'],
  padValue: [0, 0, 0],
  size: () => IMAGES,
  read: async (_split, indexes) => ({
    images: Float32Array.from(
      indexes.flatMap((index) => [...pixels.subarray(index * SIZE, (index + 1) * SIZE)]),
    ),
    labels: new Int32Array(indexes.length),
  }),
};

async function run(graph: LayerGraph): Promise<Float32Array> {
  const session = await compileFused(graph);
  try {
    return await session.run(pixels);
  } finally {
    session.dispose();
  }
}

const distance = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length;

async function graphOf(output: (input: tfl.SymbolicTensor) => tfl.SymbolicTensor): Promise<LayerGraph> {
  const input = tfl.input({ shape: [SIDE, SIDE, 3] });
  const model = tfl.model({ inputs: input, outputs: output(input) });
  const graph = withHalfPrecision(initializeKernels(await graphFromModel(model), 3));
  model.dispose();
  return graph;
}

const chain =
  (...list: { apply(input: tfl.SymbolicTensor): unknown }[]) =>
  (input: tfl.SymbolicTensor) =>
    list.reduce((tensor, layer) => layer.apply(tensor) as tfl.SymbolicTensor, input);

const quantizer = wholeStepsQuantizer(IMAGES);
const calibrationOf = async (graph: LayerGraph, seed = 1) =>
  (await prepareCalibration({
    graph,
    layers: layersWithKernels(graph).map(({ name }) => name),
    quantizer,
    dataset,
    backend: stockBackend,
    seed,
  }))!;
const uniform = (graph: LayerGraph, bits: number) => ({
  weights: Object.fromEntries(layersWithKernels(graph).map(({ name }) => [name, bits])),
});
const relu = () => layers.reLU();
const scores = () => layers.dense({ name: 'scores', units: 4 });

/** Made anew each time: a layer belongs to one model. */
const NETWORKS: Record<string, () => (input: tfl.SymbolicTensor) => tfl.SymbolicTensor> = {
  Dense: () => chain(layers.flatten(), layers.dense({ units: 12, activation: 'relu' }), scores()),
  Conv2D: () =>
    chain(
      layers.conv2d({ filters: 6, kernelSize: 3, padding: 'same', strides: 2, useBias: false }),
      layers.batchNormalization(),
      relu(),
      layers.conv2d({ filters: 6, kernelSize: 3, dilationRate: 2, padding: 'same', activation: 'relu' }),
      layers.flatten(),
      scores(),
    ),
  DepthwiseConv2D: () =>
    chain(
      layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, useBias: false }),
      layers.batchNormalization(),
      relu(),
      layers.conv2d({ filters: 6, kernelSize: 1 }),
      layers.globalAveragePooling2d({}),
      scores(),
    ),
  SeparableConv2D: () =>
    chain(
      layers.separableConv2d({ filters: 8, kernelSize: 3, depthMultiplier: 2, activation: 'relu' }),
      layers.separableConv2d({ filters: 8, kernelSize: 3, useBias: false }),
      relu(),
      layers.globalAveragePooling2d({}),
      scores(),
    ),
  'a layer used twice, and a residual': () => (input) => {
    const shared = layers.conv2d({ name: 'shared', filters: 3, kernelSize: 3, padding: 'same' });
    const once = shared.apply(input) as tfl.SymbolicTensor;
    const twice = shared.apply(relu().apply(once)) as tfl.SymbolicTensor;
    const sum = layers.add().apply([twice, input]) as tfl.SymbolicTensor;
    return chain(relu(), layers.flatten(), scores())(sum);
  },
  'more inputs than are looked at together': () =>
    chain(
      layers.conv2d({ filters: 24, kernelSize: 3, activation: 'relu' }),
      layers.conv2d({ filters: 8, kernelSize: 3, activation: 'relu' }),
      layers.flatten(),
      scores(),
    ),
};

beforeAll(() => tf.setBackend('cpu'));

describe.each(Object.entries(NETWORKS))('%s', (_, output) => {
  it.each([3, 5])('at %i bits comes closer to the original than nearest rounding', async (bits) => {
    const graph = await graphOf(output());
    const wanted = await run(graph);
    const calibration = await calibrationOf(graph);
    const { graph: finished, encoded } = await calibration.finish(uniform(graph, bits), Infinity);
    const rounded = withEncodedWeights(graph, encodeGraph(quantizer, graph, uniform(graph, bits).weights));
    const nearest = distance(await run(rounded), wanted);
    expect(distance(await run(finished), wanted)).toBeLessThan(0.8 * nearest);
    const searched = encodeGraph(calibration.quantizer, graph, uniform(graph, bits).weights);
    const candidate = calibration.correct(withEncodedWeights(graph, searched));
    expect(distance(await run(candidate), wanted)).toBeLessThan(nearest);
    // The network is what the packed file says.
    const kernels = (network: LayerGraph) =>
      network.layers.flatMap(({ weights }) => weights.filter(isKernel).map(({ data }) => data));
    expect(kernels(withEncodedWeights(graph, encoded))).toEqual(kernels(finished));
  });
});

describe('one layer', () => {
  const one = () =>
    graphOf(chain(layers.conv2d({ name: 'only', filters: 5, kernelSize: 3 }), layers.flatten()));

  it.each([2, 3, 4, 8])(
    'at %i bits never has a larger error than nearest rounding on the images',
    async (bits) => {
      const graph = await one();
      const wanted = await run(graph);
      const calibration = await calibrationOf(graph);
      const finished = await calibration.finish(uniform(graph, bits), Infinity);
      const rounded = withEncodedWeights(graph, encodeGraph(quantizer, graph, uniform(graph, bits).weights));
      const errors = async (network: LayerGraph) => {
        const found = await run(network);
        return [0, 1, 2, 3, 4].map((channel) =>
          found.reduce((sum, value, at) => sum + (at % 5 === channel ? (value - wanted[at]!) ** 2 : 0), 0),
        );
      };
      const before = await errors(calibration.correct(rounded));
      // All positions are looked at; biases are stored in half precision.
      (await errors(finished.graph)).forEach((error, channel) =>
        expect(error).toBeLessThanOrEqual(before[channel]! * 1.001 + 1e-4),
      );
    },
  );

  it('has outputs with the means of the original', async () => {
    const graph = await one();
    const { graph: finished } = await (await calibrationOf(graph)).finish(uniform(graph, 2), Infinity);
    const mean = async (network: LayerGraph) => {
      const found = await run(network);
      return found.reduce((sum, value, at) => sum + (at % 5 === 2 ? value : 0), 0) / (found.length / 5);
    };
    expect(await mean(finished)).toBeCloseTo(await mean(graph), 3);
    const rounded = withEncodedWeights(graph, encodeGraph(quantizer, graph, { only: 2 }));
    expect(Math.abs((await mean(rounded)) - (await mean(graph)))).toBeGreaterThan(0.01);
    expect(await mean((await calibrationOf(graph)).correct(rounded))).toBeCloseTo(await mean(graph), 3);
  });

  it('whose weights are on the grid already is left as it is', async () => {
    const plain = await one();
    const graph = withEncodedWeights(plain, encodeGraph(quantizer, plain, { only: 4 }));
    const { graph: finished } = await (await calibrationOf(graph)).finish({ weights: { only: 4 } }, Infinity);
    expect(finished).toEqual(graph);
  });

  it('whose input is always zero is rounded to nearest', async () => {
    const graph = await graphOf(
      chain(
        layers.conv2d({ name: 'dark', filters: 4, kernelSize: 1 }),
        layers.reLU(),
        layers.conv2d({ name: 'blind', filters: 4, kernelSize: 1 }),
        layers.flatten(),
      ),
    );
    const dark: LayerGraph = {
      ...graph,
      layers: graph.layers.map((layer) =>
        layer.name === 'dark'
          ? {
              ...layer,
              weights: layer.weights.map((weight) => ({ ...weight, data: weight.data.map(() => 0) })),
            }
          : layer,
      ),
    };
    const { encoded } = await (await calibrationOf(dark)).finish(uniform(dark, 3), Infinity);
    expect(encoded).toEqual(encodeGraph(quantizer, dark, uniform(dark, 3).weights));
  });
});

describe('a calibration', () => {
  it('takes rounded activations for what the layers read', async () => {
    const graph = await graphOf(NETWORKS['Conv2D']!());
    const names = layersWithKernels(graph).map(({ name }) => name);
    const ranges = await calibrateActivations({
      graph,
      layers: names,
      dataset,
      backend: stockBackend,
      seed: 1,
      options: { bits: [3, 3], calibrate: 'mse', percentile: 99.9, images: IMAGES },
    });
    const policy = {
      ...uniform(graph, 4),
      activations: Object.fromEntries(names.map((name) => [name, { bits: 3, ...ranges[name]![3]! }])),
    };
    const wanted = await run(graph);
    const calibration = await calibrationOf(graph);
    const knowing = await calibration.finish(policy, Infinity);
    const unknowing = await calibration.finish(uniform(graph, 4), Infinity);
    const errorOf = async ({ graph: network }: typeof knowing) =>
      distance(await run(withPolicyActivations(network, policy)), wanted);
    expect(knowing.encoded).not.toEqual(unknowing.encoded);
    expect(await errorOf(knowing)).toBeLessThan(await errorOf(unknowing));
  });

  it('keeps a limit that the codes of the search keep, and gives it up where they do not', async () => {
    const graph = await graphOf(NETWORKS['Conv2D']!());
    const calibration = await calibrationOf(graph);
    const policy = uniform(graph, 3);
    const size = packModel(graph, encodeGraph(calibration.quantizer, graph, policy.weights)).length;
    const sizeAt = async (limit: number) => {
      const { graph: finished, encoded } = await calibration.finish(policy, limit);
      return packModel(finished, encoded).length;
    };
    expect(await sizeAt(size)).toBeLessThanOrEqual(size);
    expect(await sizeAt(size - 1)).toBe(await sizeAt(Infinity));
  });

  it('frees the sessions of both networks when a product fails', async () => {
    const graph = await graphOf(NETWORKS['Conv2D']!());
    let open = 0;
    let isFailing = false;
    const calibration = await prepareCalibration({
      graph,
      layers: layersWithKernels(graph).map(({ name }) => name),
      quantizer,
      dataset,
      backend: {
        ...stockBackend,
        observe: async (network, calls) => {
          const session = await stockBackend.observe(network, calls);
          open++;
          return { run: session.run, dispose: () => (open--, session.dispose()) };
        },
        crossProducts: (x, others, rows) =>
          isFailing
            ? Promise.reject(new Error('out of memory'))
            : stockBackend.crossProducts!(x, others, rows),
      },
      seed: 1,
    });
    isFailing = true;
    await expect(calibration!.finish(uniform(graph, 3), Infinity)).rejects.toThrow('out of memory');
    expect(open).toBe(0);
  });

  it('gives the same codes for the same seed, others for another, and leaves no tensors behind', async () => {
    const graph = await graphOf(NETWORKS['SeparableConv2D']!());
    const codesAt = async (seed: number) => {
      // Fewer positions than there are, so that the seed has something to draw.
      const drawing = { ...quantizer, calibration: { images: 20, points: 4, maximumInputs: 200 } };
      const calibration = await prepareCalibration({
        graph,
        layers: layersWithKernels(graph).map(({ name }) => name),
        quantizer: drawing,
        dataset,
        backend: stockBackend,
        seed,
      });
      return (await calibration!.finish(uniform(graph, 3), Infinity)).encoded;
    };
    const first = await codesAt(1);
    const before = tf.memory().numTensors;
    expect(await codesAt(1)).toEqual(first);
    expect(tf.memory().numTensors).toBe(before);
    expect(await codesAt(2)).not.toEqual(first);
  });

  it('needs training images', async () => {
    const graph = await graphOf(NETWORKS['Dense']!());
    const empty = { ...dataset, size: () => 0 };
    await expect(
      prepareCalibration({
        graph,
        layers: [],
        quantizer,
        dataset: empty,
        backend: stockBackend,
        seed: 1,
      }),
    ).rejects.toThrow(expect.objectContaining({ code: 'DATASET_INVALID' }));
  });
});

test('the heuristic of calibrated codes keeps the outputs closer than the same bits for all, in as many bytes', async () => {
  const graph = await graphOf(NETWORKS['Conv2D']!());
  const calibration = await calibrationOf(graph);
  const kernels = layersWithKernels(graph);
  const sizes = kernels.map(({ weights }) =>
    weights.filter(isKernel).reduce((sum, { data }) => sum + data.length, 0),
  );
  const bytes = (layer: number, bits: number) => (sizes[layer]! * bits) / 8;
  const of = (amounts: readonly number[]) =>
    amounts.reduce((sum, bits, layer) => sum + bytes(layer, bits), 0);
  // Not enough for 4 bits everywhere.
  const limit = 1.1 * of(kernels.map(() => 3));
  const bits = await calibration.quantizer.heuristics!['reconstruction']!({
    layers: kernels,
    bits: [2, 8],
    bytes,
    error: () => 1,
    limits: [{ name: 'bytes', limit, of }],
    used: (amounts) => of(amounts) / limit,
    fits: (amounts) => of(amounts) <= limit,
  });
  expect(of(bits)).toBeLessThanOrEqual(limit);
  const original = await run(graph);
  const at = async (amounts: readonly number[]) => {
    const policy = Object.fromEntries(kernels.map(({ name }, i) => [name, amounts[i]!]));
    const encoded = encodeGraph(calibration.quantizer, graph, policy);
    return distance(original, await run(calibration.correct(withEncodedWeights(graph, encoded))));
  };
  expect(await at(bits)).toBeLessThan(await at(kernels.map(() => 3)));
});

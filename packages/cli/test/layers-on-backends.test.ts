import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createNodeBackend } from '@tersor/backend-node';
import { createWasmBackend } from '@tersor/backend-wasm';
import {
  compileFused,
  compileGradients,
  correctBatchNorm,
  disposeModel,
  graphFromModel,
  modelFromGraph,
} from '@tersor/network';
import type { Backend, LayerGraph } from '@tersor/core';
import type { LayerCase } from './layer-case.js';
import { LAYER_CASES } from './layer-table.js';

const COUNT = 3;
/** Change of a weight. */
const STEP = 2e-3;
const cpu = {
  activate: async () => void (await tf.setBackend('cpu')),
  compile: (graph: LayerGraph) => compileFused(graph),
  compileTraining: (...[graph, objective]: Parameters<Backend['compileTraining']>) =>
    compileGradients(graph, objective),
  dispose: async () => undefined,
};
const node = createNodeBackend({ precision: 'float32', directories: [__dirname] });
const backends: Readonly<
  Record<string, Pick<Backend, 'activate' | 'compile' | 'compileTraining' | 'dispose'>>
> = { cpu, wasm: createWasmBackend({ workers: 1 }), node };

// What tfjs computes on its cpu backend is the measure, but for batch norms over another axis.
correctBatchNorm('cpu');

const CASES = LAYER_CASES.map((each): [string, LayerCase] => [each.name, each]);

describe.each(Object.keys(backends))('on the %s backend', (id) => {
  const backend = backends[id]!;
  let isAvailable = true;

  beforeAll(async () => {
    isAvailable = id !== 'node' || (await node.isAvailable()).available;
  });
  afterAll(() => backend.dispose());

  test.each(CASES)(
    '%s: a session and the stock layer give what stock tfjs gives, or it is refused',
    async (_name, layerCase) => {
      // CI names the backends that must run; the node backend's own tests fail there where it is absent.
      if (!isAvailable) return;
      const graph = await drawnGraph(layerCase);
      const images = imagesOf(layerCase);
      const expected = await expectedOf(layerCase);
      await backend.activate();
      if (!expected || layerCase.refused?.includes(id)) {
        const refusal = await runSession(backend, graph, images).catch((error: unknown) => error);
        expect(refusal).toMatchObject({
          code: 'MODEL_UNSUPPORTED',
          message: expect.stringContaining('"refused"'),
        });
        return;
      }
      if (id !== 'cpu') requireClose(await stockPredict(graph, images, layerCase.shape), expected);
      requireClose(await runSession(backend, graph, images), expected);
    },
  );

  test.each(CASES)(
    'a training step of %s: the gradient is the slope of the loss, or the layer is refused',
    async (_name, layerCase) => {
      if (!isAvailable) return;
      const graph = await trainableGraph(layerCase);
      const isRefused =
        layerCase.untrained?.includes(id) ||
        layerCase.refused?.includes(id) ||
        !(await expectedOf(layerCase));
      await backend.activate();
      const gradient = gradientAndSlope(backend, graph, layerCase);
      if (isRefused) {
        expect(await gradient.catch((error: unknown) => error)).toMatchObject({
          code: expect.stringMatching(/^(TRAINING|MODEL)_UNSUPPORTED$/),
        });
        return;
      }
      const { found, slope } = await gradient;
      expect(Number.isFinite(found)).toBe(true);
      if (!layerCase.jumps) expect(Math.abs(found - slope)).toBeLessThan(0.03 * Math.max(1, Math.abs(slope)));
    },
  );
});

/** What a case gives on tfjs's cpu backend, computed once for all backends: on the first call. */
function once<T>(compute: (layerCase: LayerCase) => Promise<T>): (layerCase: LayerCase) => Promise<T> {
  const known = new Map<LayerCase, Promise<T>>();
  return (layerCase) => {
    if (!known.has(layerCase))
      known.set(
        layerCase,
        tf.setBackend('cpu').then(() => compute(layerCase)),
      );
    return known.get(layerCase)!;
  };
}

/** The layer between a dense layer, whose kernel has a slope only through it, and a classifier. */
const trainableGraph = once(({ shape, build }) => {
  const input = tfl.input({ shape: [...shape] });
  const before = tfl.layers
    .dense({ name: 'before', units: shape.at(-1)! })
    .apply(input) as tfl.SymbolicTensor;
  return drawn(tfl.model({ inputs: input, outputs: classified(build(before)) }));
});

/** The layer alone. */
const drawnGraph = once(({ shape, build }) => {
  const input = tfl.input({ shape: [...shape] });
  return drawn(tfl.model({ inputs: input, outputs: build(input) }));
});

/**
 * What stock tfjs computes; nothing where it fails, as on a few layers. Where it passes
 * over an option, the case says so.
 */
const expectedOf = once(async (layerCase) => {
  const graph = await drawnGraph(layerCase);
  await tf.setBackend('cpu');
  return stockPredict(graph, imagesOf(layerCase), layerCase.shape).catch(() => undefined);
});

async function drawn(model: tfl.LayersModel): Promise<LayerGraph> {
  try {
    return withDrawnWeights(await graphFromModel(model));
  } finally {
    disposeModel(model);
  }
}

function classified(result: tfl.SymbolicTensor): tfl.SymbolicTensor {
  if (result.shape.length === 2)
    return tfl.layers.dense({ units: 3, activation: 'softmax' }).apply(result) as tfl.SymbolicTensor;
  // A length that is left open cannot be flattened.
  const flat = (
    result.shape.slice(1).includes(null) ? tfl.layers.globalAveragePooling1d() : tfl.layers.flatten()
  ).apply(result);
  return tfl.layers.dense({ units: 3, activation: 'softmax' }).apply(flat) as tfl.SymbolicTensor;
}

/**
 * Of the first value of the first kernel: the gradient, and what the loss changes by when it changes a
 * little.
 */
async function gradientAndSlope(
  backend: Pick<Backend, 'compileTraining'>,
  graph: LayerGraph,
  layerCase: LayerCase,
): Promise<{ found: number; slope: number }> {
  const session = await backend.compileTraining(graph, { labelSmoothing: 0, distill: 0, temperature: 1 });
  const slots = graph.layers.flatMap((layer) => layer.weights.map((weight) => ({ layer, weight })));
  const slot = slots.findIndex(({ layer, weight }) => layer.name === 'before' && weight.name === 'kernel');
  const batch = { images: imagesOf(layerCase), labels: Int32Array.of(0, 1, 2), seed: 1 };
  const stepAt = (change: number) => {
    const weights = slots.map(({ weight }) => weight.data.slice());
    weights[slot]![0]! += change;
    return session.step(weights, batch);
  };
  try {
    const { updates } = await stepAt(0);
    const [up, down] = [await stepAt(STEP), await stepAt(-STEP)];
    return { found: updates[slot]![0]!, slope: (up.loss - down.loss) / (2 * STEP) };
  } finally {
    session.dispose();
  }
}

async function runSession(
  backend: Pick<Backend, 'compile'>,
  graph: LayerGraph,
  images: Float32Array,
): Promise<Float32Array> {
  const session = await backend.compile(graph);
  try {
    return await session.run(images);
  } finally {
    session.dispose();
  }
}

/** An embedding reads indexes. */
function imagesOf({ name, shape }: LayerCase): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  return Float32Array.from({ length: COUNT * size }, (_, i) =>
    name === 'embedding' ? i % 10 : 1.5 * Math.sin(i * 12.9898),
  );
}

/** The same network with weights that differ from channel to channel; variances are positive. */
function withDrawnWeights(graph: LayerGraph): LayerGraph {
  let i = 0;
  const draw = (isPositive: boolean) => 0.5 * Math.sin(++i * 78.233) + (isPositive ? 1 : 0);
  return {
    ...graph,
    layers: graph.layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) => ({
        ...weight,
        data: weight.data.map(() => draw(/variance|gamma/.test(weight.name))),
      })),
    })),
  };
}

async function stockPredict(
  graph: LayerGraph,
  images: Float32Array,
  shape: readonly number[],
): Promise<Float32Array> {
  const model = await modelFromGraph(graph);
  try {
    const output = tf.tidy(() => model.predict(tf.tensor(images, [COUNT, ...shape])) as tf.Tensor);
    const values = Float32Array.from(await output.data());
    output.dispose();
    return values;
  } finally {
    disposeModel(model);
  }
}

function requireClose(found: Float32Array, expected: Float32Array): void {
  expect(found.length).toBe(expected.length);
  const worst = expected.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - found[i]!) / (1 + Math.abs(value))),
    0,
  );
  expect(worst).toBeLessThan(1e-4);
}

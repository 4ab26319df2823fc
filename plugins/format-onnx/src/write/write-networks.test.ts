import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayerGraph } from '@tersor/core';
import { disposeModel, graphFromModel, readNetwork } from '@tersor/network';
import { quantized } from '../../test/quantize.js';
import { drawWeights, expectSameGraph } from '../../test/same-outputs.js';
import { through } from '../../test/small-networks.js';
import { portsOf } from './ports.js';
import { storedInOnnx, writeOnnx } from './write-onnx.js';

const L = tfl.layers;
const EXAMPLES = resolve(__dirname, '../../../../examples');
type Value = tfl.SymbolicTensor;

/**
 * Blocks of MobileNetV3: expansion, depthwise, squeeze and excite, projection, a sum where shapes
 * allow it.
 */
async function mobileNet(): Promise<LayerGraph> {
  const norm = (x: Value) => L.batchNormalization().apply(x) as Value;
  const hardSwish = (x: Value) => {
    const gate = L.activation({ activation: 'hardSigmoid' }).apply(x) as Value;
    return L.multiply().apply([x, gate]) as Value;
  };
  const block = (x: Value, expanded: number, filters: number, strides: number) => {
    const wide = hardSwish(
      norm(L.conv2d({ filters: expanded, kernelSize: 1, useBias: false }).apply(x) as Value),
    );
    const deep = norm(
      L.depthwiseConv2d({ kernelSize: 5, strides, padding: 'same', useBias: false }).apply(wide) as Value,
    );
    const squeezed = L.dense({ units: 8, activation: 'relu' }).apply(
      L.globalAveragePooling2d({}).apply(deep),
    );
    const gate = L.reshape({ targetShape: [1, 1, expanded] }).apply(
      L.dense({ units: expanded, activation: 'sigmoid' }).apply(squeezed),
    ) as Value;
    const scaled = L.multiply().apply([hardSwish(deep), gate]) as Value;
    const narrow = norm(L.conv2d({ filters, kernelSize: 1, useBias: false }).apply(scaled) as Value);
    return x.shape.join() === narrow.shape.join() ? (L.add().apply([x, narrow]) as Value) : narrow;
  };
  const input = tfl.input({ shape: [32, 32, 3] });
  const stem = L.conv2d({ filters: 16, kernelSize: 3, strides: 2, padding: 'same', useBias: false }).apply(
    input,
  );
  const blocks = block(block(hardSwish(norm(stem as Value)), 32, 16, 1), 48, 24, 2);
  const output = L.dense({ units: 10, activation: 'softmax' }).apply(
    L.globalAveragePooling2d({}).apply(blocks),
  );
  const model = tfl.model({ inputs: input, outputs: output as Value });
  const graph = await graphFromModel(model);
  disposeModel(model);
  return drawWeights(graph, 5);
}

const NETWORKS: Readonly<Record<string, () => Promise<LayerGraph>>> = {
  'the example': () => readNetwork(join(EXAMPLES, 'vgg-small/model/model.json')),
  'ResNet-20': () => readNetwork(join(EXAMPLES, 'resnet20/model/model.json')),
  'a small MobileNet with squeeze and excite': mobileNet,
};

beforeAll(() => tf.setBackend('cpu'));

describe.each(Object.entries(NETWORKS))('%s', (_name, make) => {
  it('computes in onnxruntime what it does in TensorFlow.js', async () => {
    await expectSameGraph(await make(), 1e-4, { images: 1 });
  });

  it('computes nearly the same in float16, in half of the bytes', async () => {
    const graph = await make();
    const expected = storedInOnnx(graph, { precision: 'float16', weights: 'float' });
    const half = await expectSameGraph(graph, 1e-2, { precision: 'float16', expected, images: 1 });
    const values = graph.layers.flatMap(({ weights }) => weights.map(({ data }) => data.length));
    const count = values.reduce((sum, length) => sum + length, 0);
    // Names and operators take a few hundred bytes for each layer.
    expect(half).toBeLessThan(2 * count + 300 * graph.layers.length);
  });

  it('computes in onnxruntime what its quantized weights do, of 2, 4 and 8 bits in turn', async () => {
    const { graph, codes } = quantized(await make(), [2, 4, 8]);
    await expectSameGraph(graph, 1e-4, { quantization: { codes }, images: 1 });
  });
});

it('names inputs and outputs, and lays them out, as an imported ONNX file did', async () => {
  const graph = await mobileNet();
  const onnx = {
    inputs: [{ name: 'pixels', order: [0, 1, 2, 3] }],
    outputs: [{ name: 'scores', order: [0, 1] }],
  };
  expect(portsOf({ ...graph, metadata: { userDefinedMetadata: { onnx } } })).toEqual({
    inputs: [{ name: 'pixels', axes: [0, 1, 2] }],
    outputs: [{ name: 'scores', axes: [0] }],
  });
  await expectSameGraph({ ...graph, metadata: { userDefinedMetadata: { onnx } } }, 1e-4, { images: 1 });
});

it('refuses what ONNX has no words for, all layers at once', async () => {
  const model = tfl.sequential({
    layers: [
      L.lstm({ inputShape: [4, 3], units: 2, returnSequences: true, name: 'memory' }),
      L.lstm({ units: 2, name: 'answer' }),
    ],
  });
  const graph = await graphFromModel(model);
  disposeModel(model);
  const writing = writeOnnx(graph, tmpdir(), { precision: 'float32', weights: 'searched' });
  await expect(writing).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
    message: expect.stringMatching(/"memory" is of the class LSTM; "answer" is of the class LSTM/) as string,
  });
});

it('refuses layers that are applied to steps, but for those that treat all positions alike', async () => {
  const inner = L.conv2d({ filters: 3, kernelSize: 2 });
  const model = through([3, 5, 4, 2], L.timeDistributed({ layer: inner, name: 'steps' }));
  const graph = await graphFromModel(model);
  disposeModel(model);
  const writing = writeOnnx(graph, tmpdir(), { precision: 'float32', weights: 'searched' });
  await expect(writing).rejects.toThrow(/"steps" applies a Conv2D to the steps of a sequence/);
});

it('refuses weights that float16 has no room for', async () => {
  const graph = await mobileNet();
  const layers = graph.layers.map((layer, i) => ({
    ...layer,
    weights: layer.weights.map((weight) =>
      i === 1 ? { ...weight, data: weight.data.map(() => 1e5) } : weight,
    ),
  }));
  const folder = await mkdtemp(join(tmpdir(), 'tersor-onnx-'));
  const writing = writeOnnx({ ...graph, layers }, folder, { precision: 'float16', weights: 'searched' });
  await expect(writing).rejects.toMatchObject({ code: 'MODEL_UNSUPPORTED' });
  await rm(folder, { recursive: true });
});

it('writes the same bytes each time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-onnx-'));
  const files: Buffer[] = [];
  const graph = await mobileNet();
  for (let i = 0; i < 2; i++) {
    const name = await writeOnnx(graph, folder, { precision: 'float32', weights: 'searched' });
    files.push(await readFile(join(folder, name)));
  }
  expect(files[0]!.equals(files[1]!)).toBe(true);
  await rm(folder, { recursive: true });
});

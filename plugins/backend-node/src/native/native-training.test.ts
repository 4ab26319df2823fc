import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { compileGradients, copyWeights, graphFromModel, initializeKernels } from '@tersor/network';
import { describeWhereAvailable, testBackend } from '../../test/where-available.js';

const { layers } = tfl;
const backend = testBackend();

describeWhereAvailable("the node backend's training session", () => {
  it('gives the gradients and statistics of the plain operations', async () => {
    await backend.activate();
    const model = tfl.sequential({
      layers: [
        layers.conv2d({ filters: 5, kernelSize: 3, padding: 'same', inputShape: [6, 6, 3], useBias: false }),
        layers.batchNormalization(),
        layers.activation({ activation: 'relu' }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.flatten(),
        layers.dense({ units: 6 }),
        layers.batchNormalization({ scale: false }),
        layers.dense({ units: 4, activation: 'softmax' }),
      ],
    });
    const graph = initializeKernels(await graphFromModel(model), 2);
    model.dispose();
    const objective = { labelSmoothing: 0.1, distill: 0, temperature: 1 };
    const batch = {
      images: Float32Array.from({ length: 8 * 108 }, (_, i) => Math.sin(i * 12.9898)),
      labels: Int32Array.from({ length: 8 }, (_, i) => i % 4),
      seed: 1,
    };
    const plain = await compileGradients(graph, objective);
    const native = await backend.compileTraining(graph, objective);
    const expected = await plain.step(copyWeights(graph), batch);
    const actual = await native.step(copyWeights(graph), batch);
    expect(actual.loss).toBeCloseTo(expected.loss, 5);
    actual.updates.forEach((update, slot) =>
      update.forEach((value, i) => expect(value).toBeCloseTo(expected.updates[slot]![i]!, 4)),
    );
    const held = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) await native.step(copyWeights(graph), batch);
    expect(tf.memory().numTensors).toBe(held);
    plain.dispose();
    native.dispose();
  });
});

describeWhereAvailable("the backend's gradient of a 1x1 filter with a stride", () => {
  // tfjs-node's own kernel ended the process in the first two cases.
  it.each([
    [8, 16, 16, 64],
    [13, 16, 16, 16],
    [7, 5, 7, 2],
  ])(
    'sums the products of what was read, and keeps the heap whole: %i channels to %i on %i pixels, %i images',
    async (inputs, outputs, side, images) => {
      await backend.activate();
      const out = Math.ceil(side / 2);
      const values = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898));
      const [xs, dys] = [values(images * side * side * inputs), values(images * out * out * outputs)];
      const expected = Array.from({ length: inputs * outputs }, (_, at) => {
        let sum = 0;
        for (let image = 0; image < images; image++) {
          for (let h = 0; h < out; h++) {
            for (let w = 0; w < out; w++)
              sum +=
                xs[((image * side + 2 * h) * side + 2 * w) * inputs + Math.floor(at / outputs)]! *
                dys[((image * out + h) * out + w) * outputs + (at % outputs)]!;
          }
        }
        return sum;
      });
      const held = tf.memory().numTensors;
      for (let i = 0; i < 8; i++) {
        const [x, dy] = [
          tf.tensor4d(xs, [images, side, side, inputs]),
          tf.tensor4d(dys, [images, out, out, outputs]),
        ];
        const result = tf
          .engine()
          .runKernel(
            'Conv2DBackpropFilter',
            { x, dy },
            { filterShape: [1, 1, inputs, outputs], strides: [2, 2], pad: 'same', dataFormat: 'NHWC' },
          ) as tf.Tensor;
        expect(result.shape).toEqual([1, 1, inputs, outputs]);
        (await result.data()).forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 2));
        tf.dispose([x, dy, result]);
      }
      expect(tf.memory().numTensors).toBe(held);
    },
  );
});

describeWhereAvailable("the backend's kernel of step", () => {
  it('is 1 above zero and 0 elsewhere, and keeps other slopes', async () => {
    await backend.activate();
    const graph = initializeKernels(await oneLayer(), 1);
    (await backend.compileTraining(graph, { labelSmoothing: 0, distill: 0, temperature: 1 })).dispose();
    const values = tf.tensor1d([-2, -0, 0, 1e-30, 3]);
    expect([...(await tf.step(values).data())]).toEqual([0, 0, 0, 1, 1]);
    expect([...(await tf.step(values, 0.5).data())]).toEqual([0.5, 0.5, 0.5, 1, 1]);
  });
});

async function oneLayer() {
  const model = tfl.sequential({ layers: [layers.dense({ units: 2, inputShape: [3] })] });
  const graph = await graphFromModel(model);
  model.dispose();
  return graph;
}

import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { readNetwork, writeModel } from '@tersor/network';
import { ownLayersNetworks, referenceRun } from '@tersor/testing';
import { loadModel, registerLayers } from '@tersor/runtime';
import { packModel } from './pack-model.js';

beforeAll(() => tf.setBackend('cpu'));

const image = Float32Array.from({ length: 9 * 7 * 3 }, (_, i) => Math.sin(i));

function scoresOf(model: tfl.LayersModel): Float32Array {
  const scores = tf.tidy(() =>
    (model.predict(tf.tensor(image, [1, 9, 7, 3])) as tf.Tensor).dataSync<'float32'>(),
  );
  model.dispose();
  return Float32Array.from(scores);
}

const requireClose = (found: Float32Array, expected: Float64Array) =>
  found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5));

describe.each(Object.entries(ownLayersNetworks()))('the %s network of own layers', (_name, graph) => {
  it('is packed, and the runtime loads and runs it', async () => {
    requireClose(scoresOf(await loadModel(packModel(graph, new Map()))), referenceRun(graph, image));
  });

  it('is written as a LayersModel, read again, and loaded by tfjs once the layers are registered', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tersor-own-'));
    try {
      await writeModel(graph, folder);
      const again = await readNetwork(join(folder, 'model.json'));
      expect(again.calls).toEqual(graph.calls);
      again.layers.forEach(({ className, config, weights }, i) => {
        const before = graph.layers[i]!;
        expect([className, weights.map(({ data }) => data)]).toEqual([
          before.className,
          before.weights.map(({ data }) => data),
        ]);
        if (className.startsWith('Tersor')) expect(config).toEqual(expect.objectContaining(before.config));
      });
      registerLayers();
      const [json, weights] = [
        JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as {
          modelTopology: object;
          weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[];
        },
        await readFile(join(folder, 'weights.bin')),
      ];
      const model = await tfl.loadLayersModel({
        load: async () => ({
          modelTopology: json.modelTopology,
          weightSpecs: json.weightsManifest[0]!.weights,
          weightData: Uint8Array.from(weights).buffer,
        }),
      });
      requireClose(scoresOf(model), referenceRun(graph, image));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

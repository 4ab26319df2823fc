import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { serialization } from '@tensorflow/tfjs-core';
import { graphFromModel, initializeKernels, readNetwork, writeModel } from '@tersor/network';
import { registerLayers } from '@tersor/runtime';
import { createTinyProject, type TinyProject } from './tiny-project.js';
import { tersor } from './tersor.js';

type Symbolic = tfl.SymbolicTensor;

function own(className: string, config: object, to: Symbolic | Symbolic[]): Symbolic {
  const [Class] = serialization.SerializationMap.getMap().classNameMap[className]!;
  return (new Class(config as never) as tfl.layers.Layer).apply(to) as Symbolic;
}

/** A block of RegNet and a unit of ShuffleNetV2, on images of 32 x 32, as ONNX files bring them. */
function network(): tfl.LayersModel {
  registerLayers();
  const { layers } = tfl;
  const input = tfl.input({ shape: [32, 32, 3] });
  const conv = (name: string, filters: number, to: Symbolic, more = {}) =>
    layers.conv2d({ name, filters, kernelSize: 1, activation: 'relu', ...more }).apply(to) as Symbolic;
  const stem = conv('stem', 8, input, { kernelSize: 3, strides: 4, padding: 'same' });
  const pool = { name: 'pool', operation: 'max', poolSize: 3, strides: 2, padding: [[1, 1], [1, 1]] }; // prettier-ignore
  const pooled = own('TersorPooling2D', pool, stem);
  const padding = [[1, 1], [1, 1]]; // prettier-ignore
  const padded = own('TersorPad2D', { name: 'pad', padding }, conv('widen', 16, pooled));
  const grouped = own(
    'TersorGroupedConv2D',
    { name: 'grouped', groups: 4, filters: 16, kernelSize: 3 },
    padded,
  );
  const gate = own('TersorHardSigmoid', { name: 'gate', alpha: 1 / 6, beta: 0.5 }, grouped);
  const narrow = conv('narrow', 8, layers.multiply().apply([grouped, gate]) as Symbolic);
  const sum = layers.add().apply([pooled, narrow]) as Symbolic;
  const [left, right] = [0, 4].map((start) =>
    own('TersorSlice', { name: `half${start}`, axis: 3, start, end: start + 4 }, sum),
  ) as [Symbolic, Symbolic];
  const joined = layers.concatenate().apply([left, conv('unit2', 4, conv('unit1', 8, right))]) as Symbolic;
  const shuffled = own('TersorChannelShuffle', { name: 'shuffle', groups: 2 }, joined);
  const features = layers.globalAveragePooling2d({}).apply(shuffled);
  const scores = layers.dense({ name: 'classifier', units: 10, activation: 'softmax' }).apply(features);
  return tfl.model({ inputs: input, outputs: scores as Symbolic });
}

describe('a network with layers of our own', () => {
  let project: TinyProject;
  const at = (path: string) => join(project.folder, path);
  beforeAll(async () => {
    project = await createTinyProject();
    await tf.setBackend('cpu');
    await writeModel(initializeKernels(await graphFromModel(network()), 2), at('model'));
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  it('is compressed, and the files that are left say what was measured', async () => {
    const { code, err } = await tersor('compress', project.config, '--quiet', '--out', at('out'));
    expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
    const { baseline, pruned, compressed } = JSON.parse(
      await readFile(at('out/summary.json'), 'utf8'),
    ) as Record<string, { macs: number; bytes: number; accuracy: { test: number } }>;
    expect(pruned!.macs).toBeLessThanOrEqual(0.6 * baseline!.macs);
    expect(compressed!.bytes).toBeLessThanOrEqual(0.5 * baseline!.bytes);
    const grouped = (await readNetwork(at('out/model/model.json'))).layers.find(
      ({ name }) => name === 'grouped',
    )!;
    expect(Number(grouped.config['filters']) % Number(grouped.config['groups'])).toBe(0);
    for (const file of ['out/model.tersor', 'out/model/model.json']) {
      const options = ['--option', `dir=${project.data}`, '--option', 'validation=40', '--json'];
      const { out } = await tersor('eval', at(file), '--dataset', 'cifar10', ...options);
      expect((JSON.parse(out) as { accuracy: number }).accuracy).toBe(compressed!.accuracy.test);
    }
  });

  it('is not exported for stock TensorFlow.js: the layers that it has not are named, nothing is written', async () => {
    const { code, err } = await tersor('export', at('model/model.json'), '--out', at('exported'));
    expect(code).not.toBe(0);
    expect(err).toContain(
      'layers that stock TensorFlow.js does not have: "pool" (TersorPooling2D), "grouped" (TersorGroupedConv2D), "gate" (TersorHardSigmoid)',
    );
    expect(err).not.toContain('"pad"');
    expect(existsSync(at('exported/model.json'))).toBe(false);
  });

  it('is inspected: groups lose the same channels of each, halves and shuffles tie channels', async () => {
    const { out } = await tersor('inspect', at('model/model.json'));
    expect(out).toMatch(/grouped +│ TersorGroupedConv2D +│ 4x4x16 +│ +592 │ +9,216 │ grouped/);
    // stem: 4, each in both halves and in unit2; widen and grouped: 4 each, in all groups; unit1: 8.
    expect(out).toContain('4 groups with 20 prunable channels');
  });
});

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { layersWithKernels, prepareCalibration } from '@tersor/compression';
import type { Backend, LayerGraph, PrunePlan } from '@tersor/core';
import { applyAndAdapt, channelGroups, finishPlan } from '@tersor/network';
import channelPlugin, { ChannelPruner } from '@tersor/pruner-channel';
import variationalPlugin, { VariationalPruner } from '@tersor/pruner-variational';
import linearPlugin, { LinearQuantizer } from '@tersor/quantizer-linear';
import { outputOf, read, smoothImages } from '../../network/test/smooth-images.js';
import { tfjsBackend } from '../../network/test/tfjs-backend.js';

/** Largest difference of the outputs, as a share of the largest output. */
const TOLERANCE = 1e-4;
const dataset = smoothImages([8, 8, 3], 60);
const { layers } = tfl;
/** A network with a batch norm, a layer without padding and a dense layer. */
async function smallNetwork(): Promise<LayerGraph> {
  return read(
    layers.conv2d({ inputShape: [8, 8, 3], filters: 12, kernelSize: 3, padding: 'same', activation: 'relu' }),
    layers.conv2d({ filters: 12, kernelSize: 3, padding: 'same', useBias: false }),
    layers.batchNormalization(),
    layers.activation({ activation: 'relu' }),
    layers.conv2d({ filters: 8, kernelSize: 3, strides: 2, activation: 'relu' }),
    layers.flatten(),
    layers.dense({ units: 4 }),
  );
}

/** What second moments that were gathered on a backend lead to: plans, and the outputs of the networks. */
async function results(graph: LayerGraph, backend: Backend) {
  await backend.activate();
  const { groups } = channelGroups(graph);
  const context = { graph, groups, dataset, backend, seed: 1 };
  const channel = new ChannelPruner(channelPlugin.options.parse({ images: 60, sequential: { images: 60 } }));
  const slices = new VariationalPruner(
    variationalPlugin.options.parse({ ranking: 'reconstruction', images: 60 }),
  );
  for (const pruner of [channel, slices]) await pruner.prepare(context);
  const fewer = groups.map((group): PrunePlan[number] =>
    channel.plan(group, { channels: Math.ceil(group.channels / 2) }),
  );
  const both = [...fewer, ...groups.map((group) => slices.plan(group, { slices: 0.6 }, fewer))];
  const refit = await applyAndAdapt(graph, [channel], fewer);
  const quantizer = new LinearQuantizer(linearPlugin.options.parse({ calibrate: { images: 60, points: 8 } }));
  const names = layersWithKernels(graph).map(({ name }) => name);
  const calibration = await prepareCalibration({
    graph,
    layers: names,
    quantizer,
    dataset,
    backend,
    seed: 1,
  });
  const weights = Object.fromEntries(names.map((name) => [name, 4]));
  const networks = {
    refit,
    'refit in order': await finishPlan(refit, [channel], fewer),
    'slices refit': await applyAndAdapt(graph, [channel, slices], both),
    'calibrated codes': (await calibration!.finish({ weights }, Infinity)).graph,
  };
  await tf.setBackend('cpu');
  const outputs: Record<string, Float32Array> = {};
  for (const [name, network] of Object.entries(networks)) outputs[name] = await outputOf(network, dataset);
  return { plans: both, outputs };
}

/**
 * Expects of a backend the plans of tfjs's own one, and its networks: the outputs differ by at most a
 * ten-thousandth of the largest.
 */
export async function expectSameSecondMoments(backend: Backend): Promise<void> {
  await tf.setBackend('cpu');
  const graph = await smallNetwork();
  const expected = await results(graph, tfjsBackend());
  const { plans, outputs } = await results(graph, backend);
  expect(plans).toEqual(expected.plans);
  for (const [name, values] of Object.entries(expected.outputs)) {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const apart = values.reduce((most, value, i) => Math.max(most, Math.abs(value - outputs[name]![i]!)), 0);
    expect([name, apart / largest]).toEqual([name, expect.any(Number)]);
    expect(apart / largest).toBeLessThan(TOLERANCE);
  }
}

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayerGraph } from '@tersor/core';
import { ownLayer } from '../../test/own-layers-network.js';
import { disposeModel, graphFromModel, modelFromGraph } from '../graph/model-graph.js';
import { latencySites } from './latency-sites.js';
import { siteGraph } from './site-graph.js';

beforeAll(() => tf.setBackend('cpu'));

async function networkOf(className: string, config: object): Promise<LayerGraph> {
  const input = tfl.input({ shape: [4, 4, 12] });
  const output = ownLayer(className, { name: 'own', ...config }).apply(input) as tfl.SymbolicTensor;
  return graphFromModel(tfl.model({ inputs: input, outputs: output }));
}

/** The site at some counts: what it has, and whether TensorFlow.js builds it. */
async function siteAt(graph: LayerGraph, inputs: number, outputs: number) {
  const site = latencySites(graph)[0]!;
  const found = siteGraph(graph, site, { inputs, outputs });
  const model = await modelFromGraph(found.graph);
  expect(model.outputs[0]!.shape.at(-1)).toBe(found.outputs);
  disposeModel(model);
  const layer = found.graph.layers[1]!;
  return { mixes: site.mixes, inputs: found.inputs, outputs: found.outputs, config: layer.config, layer };
}

test('wide groups are timed at whole numbers of channels for each group, inputs and outputs apart', async () => {
  const graph = await networkOf('TersorGroupedConv2D', { groups: 3, filters: 12, kernelSize: 1 });
  const site = await siteAt(graph, 7, 5);
  expect(site).toMatchObject({ mixes: true, inputs: 6, outputs: 6, config: { groups: 3, filters: 6 } });
  expect(site.layer.weights[0]!.shape).toEqual([1, 1, 2, 6]);
});

test('narrow groups are timed with fewer groups, whose inputs the outputs say', async () => {
  const graph = await networkOf('TersorGroupedConv2D', { groups: 6, filters: 24, kernelSize: 1 });
  const site = await siteAt(graph, 12, 9);
  expect(site).toMatchObject({ mixes: false, inputs: 4, outputs: 8, config: { groups: 2, filters: 8 } });
  expect(site.layer.weights[0]!.shape).toEqual([1, 1, 2, 8]);
});

test('a slice is timed at the part of fewer channels, a shuffle at whole groups of them', async () => {
  const slice = await networkOf('TersorSlice', { axis: 3, start: 6, end: 12 });
  expect(await siteAt(slice, 12, 4)).toMatchObject({ inputs: 8, outputs: 4, config: { start: 4, end: 8 } });
  const shuffle = await networkOf('TersorChannelShuffle', { groups: 4 });
  expect(await siteAt(shuffle, 12, 7)).toMatchObject({ inputs: 8, outputs: 8 });
});

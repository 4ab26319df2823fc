import type { ChannelGroup, GraphLayer, LayerGraph, PruneTask } from '@tersor/core';
import { factsOf, isKernel } from '@tersor/network';
import { normalizeColumns } from './observation.js';
import type { PruneChoices } from './prune-choices.js';

/**
 * What an agent of stage 1 sees of each group, nine numbers in 0..1, min-max normalised over the groups:
 * index, dense or not, channels, input channels, output height and width, stride, kernel size, multiply-adds
 * of the group's layers.
 */
export function groupFeatures(
  { graph, groups }: Pick<PruneTask, 'graph' | 'groups'>,
  { wall, whole }: Pick<PruneChoices, 'wall' | 'whole'>,
): number[][] {
  const macsWithout = (index: number) =>
    wall.costOf(whole.map((choice, i) => (i === index ? { ...choice, keep: 0 } : choice))).macs;
  return normalizeColumns(
    groups.map((group, index) => featuresOfGroup(graph, group, index, macsWithout(index))),
  );
}

/**
 * What an agent of stage 2 sees of each layer, eight numbers in 0..1, min-max normalised over the layers:
 * depthwise or not, input channels, output channels, stride, kernel size, weights, output area, index.
 */
export function layerFeatures(graph: LayerGraph, layers: readonly GraphLayer[]): number[][] {
  return normalizeColumns(layers.map((layer, index) => featuresOfLayer(graph, layer, index)));
}

function featuresOfGroup(
  graph: LayerGraph,
  group: ChannelGroup,
  index: number,
  macsWithout: number,
): number[] {
  const producer = graph.layers.find(
    ({ name }) => name === group.members.find(({ role }) => role === 'produces')!.layer,
  )!;
  const kernel = producer.weights.find(({ name }) => name.endsWith('kernel'))!;
  const shape = graph.calls.find((call) => call.layer === producer.name)!.outputShape;
  const [height, width] = shape.length === 3 ? [shape[0] ?? 1, shape[1] ?? 1] : [1, 1];
  const strides = producer.config['strides'];
  const stride = Array.isArray(strides) ? Number(strides[0]) : 1;
  return [
    index,
    Number(factsOf(producer)?.multipliesMatrix === true),
    group.channels,
    kernel.shape.at(-2) ?? 1,
    height,
    width,
    stride,
    kernel.shape.length === 4 ? kernel.shape[0]! : 1,
    -macsWithout,
  ];
}

function featuresOfLayer(graph: LayerGraph, layer: GraphLayer, index: number): number[] {
  const kernel = layer.weights.find(isKernel)!;
  const { outputShape } = graph.calls.find((call) => call.layer === layer.name)!;
  const area = outputShape.slice(0, -1).reduce<number>((product, size) => product * (size ?? 1), 1);
  const strides = layer.config['strides'];
  const [window, channels] =
    kernel.shape.length === 4 ? [kernel.shape[0]!, kernel.shape[2]!] : [1, kernel.shape[0]!];
  const depthwise = Number(kernel.name === 'depthwise_kernel');
  return [
    depthwise,
    channels,
    kernel.shape.at(-1)!,
    Array.isArray(strides) ? Number(strides[0]) : 1,
    window,
    kernel.data.length,
    area,
    index,
  ];
}

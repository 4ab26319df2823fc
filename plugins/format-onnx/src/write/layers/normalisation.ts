import { Refusal } from '@tersor/network';
import { arranged, channelsLast, imageOf, same, type Value } from '../value.js';
import { known, vector, weightOf, type LayerWriter, type WriteSite } from '../site.js';

/** Layers that normalize values. */
export const NORMALISATIONS: Readonly<Record<string, LayerWriter>> = {
  BatchNormalization: batchNorm,
  LayerNormalization: layerNorm,
};

function batchNorm(site: WriteSite): Value {
  const { draft, layer } = site;
  const given = site.inputs[0]!;
  const rank = given.shape.length;
  const axis = lastAxis(site, layer.config['axis'] ?? -1);
  if (axis !== rank - 1) return byPositions(site, axis);
  const input = imageOf(draft, given);
  const channels = known(input.shape, -1);
  const weights = [
    vector(site, 'gamma', 1, channels),
    vector(site, 'beta', 0, channels),
    vector(site, 'moving_mean', 0, channels),
    vector(site, 'moving_variance', 1, channels),
  ];
  const name = draft.node('BatchNormalization', layer.name, [input.name, ...weights], {
    epsilon: { float: Number(layer.config['epsilon'] ?? 1e-3) },
  });
  return same(input, name);
}

/** A batch norm over rows or columns, which ONNX lacks, as a factor and an offset for each. */
function byPositions(site: WriteSite, axis: number): Value {
  const { draft, layer } = site;
  const input = arranged(draft, site.inputs[0]!, channelsLast(site.inputs[0]!.shape.length));
  const mean = weightOf(site, 'moving_mean').data;
  const variance = weightOf(site, 'moving_variance').data;
  const epsilon = Number(layer.config['epsilon'] ?? 1e-3);
  const role = (name: string) => layer.weights.find((weight) => weight.name === name)?.data;
  const scale = variance.map((each, i) => (role('gamma')?.[i] ?? 1) / Math.sqrt(each + epsilon));
  const shift = mean.map((each, i) => (role('beta')?.[i] ?? 0) - each * scale[i]!);
  const sizes = input.shape.slice(axis).map((_, i) => (i === 0 ? scale.length : 1));
  const scaled = draft.node('Mul', `${layer.name}/scaled`, [
    input.name,
    draft.values(`${layer.name}/scale`, sizes, scale),
  ]);
  return same(
    input,
    draft.node('Add', layer.name, [scaled, draft.values(`${layer.name}/shift`, sizes, shift)]),
  );
}

function layerNorm(site: WriteSite): Value {
  const { draft, layer } = site;
  const axis = lastAxis(site, layer.config['axis'] ?? -1);
  const rank = site.inputs[0]!.shape.length;
  if (axis !== rank - 1) throw new Refusal('normalises over other axes than the last one');
  const input = arranged(draft, site.inputs[0]!, channelsLast(rank));
  const channels = known(input.shape, -1);
  const name = draft.node(
    'LayerNormalization',
    layer.name,
    [input.name, vector(site, 'gamma', 1, channels), vector(site, 'beta', 0, channels)],
    { axis: { int: -1 }, epsilon: { float: Number(layer.config['epsilon'] ?? 1e-3) } },
  );
  return same(input, name);
}

/** The only axis of a sample that a config names, where axes count the batch. */
function lastAxis({ inputs }: WriteSite, given: unknown): number {
  const axes = (Array.isArray(given) ? given : [given]).map(Number);
  if (axes.length !== 1) throw new Refusal('normalises over several axes');
  return axes[0]! < 0 ? axes[0]! + inputs[0]!.shape.length : axes[0]! - 1;
}

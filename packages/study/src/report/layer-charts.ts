import { grouped, percent } from '@tersor/core';
import type { LayerFigures } from '@tersor/compression';
import { chart, LEGEND, nameAxis, valueAxis } from './chart.js';
import { short } from './html.js';
import { table } from './table.js';

const ROW = 26;
const MARGIN = 92;

/**
 * Charts of the policy and the cost of each layer: kept channels (and kernel slices, if they were pruned),
 * bits, multiply-adds, bytes.
 */
export function layerCharts(figures: readonly LayerFigures[], hasSlices: boolean): string {
  const layers = hasSlices ? figures : figures.map(withoutZeroSlices);
  const kernels = layers.filter(({ original }) => original.slices > 0);
  if (kernels.length === 0) return '<p>This run has no layers.json.</p>';
  const quantized = kernels.some(({ bits }) => bits !== undefined);
  return [
    keptChart(kernels, hasSlices),
    quantized ? bitChart(kernels) : '',
    costChart('macs', kernels),
    costChart('bytes', layers),
  ].join('');
}

function withoutZeroSlices(layer: LayerFigures): LayerFigures {
  return { ...layer, compressed: { ...layer.compressed, zeroSlices: 0 } };
}

/**
 * Share of non-zero 2-D kernel slices among those that a layer has after channel pruning.
 */
function keptSlices({ compressed }: LayerFigures): number {
  return compressed.slices === 0 ? 0 : 1 - compressed.zeroSlices / compressed.slices;
}

function keptChannels({ original, compressed }: LayerFigures): number {
  return compressed.channels / original.channels;
}

function keptChart(layers: readonly LayerFigures[], hasSlices: boolean): string {
  const removed = layers.filter((layer) => keptChannels(layer) < 1).length;
  return chart({
    id: 'layers-kept',
    title: 'What each layer keeps',
    description: `Output channels that each layer keeps${hasSlices ? ', and the share of its remaining 2-D kernel slices that are not all zero' : ''}. ${removed} of ${layers.length} layers lost channels.`,
    height: MARGIN + ROW * layers.length,
    option: (size) => ({
      legend: LEGEND,
      ...frame(size.narrow, layers.length),
      yAxis: nameAxis(
        layers.map(({ layer }) => layer),
        size,
      ),
      xAxis: valueAxis('share kept', (value) => `${Math.round(value * 100)}%`, {
        min: 0,
        max: 1,
        scale: false,
      }),
      series: [
        bars('channels', 'var(--c0)', layers.map(keptChannels)),
        ...(hasSlices ? [bars('kernel slices', 'var(--c1)', layers.map(keptSlices))] : []),
      ],
    }),
    tip: (_series, index) => describe(layers[index]!),
    table: layerTable(layers),
  });
}

function bitChart(layers: readonly LayerFigures[]): string {
  const bits = layers.flatMap(({ bits }) => bits ?? []);
  return chart({
    id: 'layers-bits',
    title: 'Bit width of each layer',
    description: `Bits per stored weight: ${Math.min(...bits)} to ${Math.max(...bits)}. A layer without a bar is stored as floats.`,
    height: MARGIN - 20 + ROW * layers.length,
    option: (size) => ({
      ...frame(size.narrow, layers.length, 8),
      yAxis: nameAxis(
        layers.map(({ layer }) => layer),
        size,
      ),
      xAxis: valueAxis('bits', String, { min: 0, max: 8, scale: false }),
      series: [
        {
          ...bars(
            'bits',
            'var(--c3)',
            layers.map(({ bits }) => bits ?? NaN),
          ),
          label: { show: true, position: 'right', color: 'var(--ink)' },
        },
      ],
    }),
    tip: (_series, index) => describe(layers[index]!),
    table: layerTable(layers),
  });
}

function costChart(key: 'macs' | 'bytes', layers: readonly LayerFigures[]): string {
  const shown = layers.filter(({ original }) => original[key] > 0);
  const total = (when: 'original' | 'compressed') => shown.reduce((sum, layer) => sum + layer[when][key], 0);
  const unit = key === 'macs' ? 'multiply-adds' : 'bytes';
  const heaviest = [...shown].sort((a, b) => b.compressed[key] - a.compressed[key])[0]!;
  return chart({
    id: `layers-${key}`,
    title: key === 'macs' ? 'Multiply-adds of each layer' : 'Where the bytes are',
    description: `${key === 'macs' ? 'Multiply-adds of one image' : 'Bytes of the weights: floats in the original, the packed sections in the result'}; before and after. From ${grouped(total('original'))} to ${grouped(total('compressed'))}; now ${percent(heaviest.compressed[key] / total('compressed'))} is in ${heaviest.layer}.`,
    height: MARGIN + ROW * shown.length,
    option: (size) => ({
      legend: LEGEND,
      ...frame(size.narrow, shown.length),
      yAxis: nameAxis(
        shown.map(({ layer }) => layer),
        size,
      ),
      // From 0: readers compare the lengths of the bars.
      xAxis: valueAxis(unit, short, { min: 0, scale: false }),
      series: [
        bars(
          'original',
          'var(--line)',
          shown.map(({ original }) => original[key]),
        ),
        bars(
          'compressed',
          'var(--c2)',
          shown.map(({ compressed }) => compressed[key]),
        ),
      ],
    }),
    tip: (_series, index) => describe(shown[index]!),
    table: layerTable(shown),
  });
}

function frame(narrow: boolean, rows: number, top = 36): { grid: object } {
  return { grid: { left: narrow ? 104 : 184, right: 28, top, height: ROW * rows } };
}

function bars(name: string, color: string, data: readonly number[]) {
  return { name, type: 'bar' as const, barMaxWidth: 9, barGap: '10%', itemStyle: { color }, data: [...data] };
}

function describe(layer: LayerFigures): string {
  const { original, compressed, bits } = layer;
  return [
    layer.layer,
    `channels ${compressed.channels} of ${original.channels}${compressed.zeroSlices > 0 ? `, slices not zero ${percent(keptSlices(layer))}` : ''}`,
    ...(bits === undefined ? [] : [`${bits} bits`]),
    `multiply-adds ${grouped(original.macs)} → ${grouped(compressed.macs)}`,
    `bytes ${grouped(original.bytes)} → ${grouped(compressed.bytes)}`,
  ].join('\n');
}

function layerTable(layers: readonly LayerFigures[]): string {
  const number = (head: string, value: (layer: LayerFigures) => number | undefined, format = grouped) => ({
    head,
    value,
    text: (layer: LayerFigures) => (value(layer) === undefined ? '' : format(value(layer)!)),
  });
  return table('Layers with weights, before and after', layers, [
    { head: 'layer', text: ({ layer }) => layer },
    { head: 'class', text: ({ className }) => className },
    number('channels before', ({ original }) => original.channels),
    number('channels after', ({ compressed }) => compressed.channels),
    ...(layers.some(({ compressed }) => compressed.zeroSlices > 0)
      ? [number('slices not zero', keptSlices, percent)]
      : []),
    number('bits', ({ bits }) => bits, String),
    ...(layers.some(({ activationBits }) => activationBits !== undefined)
      ? [number('input bits', ({ activationBits }) => activationBits, String)]
      : []),
    number('MACs before', ({ original }) => original.macs),
    number('MACs after', ({ compressed }) => compressed.macs),
    number('bytes before', ({ original }) => original.bytes),
    number('bytes after', ({ compressed }) => compressed.bytes),
  ]);
}

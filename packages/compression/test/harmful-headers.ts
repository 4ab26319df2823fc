import type { Random } from '@tersor/core';
import type { headerJson } from './sealed-sections.js';

type Header = ReturnType<typeof headerJson>;
interface Layer {
  name: string;
  class_name: string;
  config: Record<string, unknown>;
  inbound_nodes: [string, number, number, object][][];
}

function layersOf(header: Header): Layer[] {
  return (header.topology['config'] as { layers: Layer[] }).layers;
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[random.integer(items.length)]!;
}

/** A layer that takes something in. */
function fed(header: Header, random: Random): Layer {
  return pick(
    layersOf(header).filter((layer) => layer.inbound_nodes.length > 0),
    random,
  );
}

/**
 * Changes that keep a header well formed and mean harm: sizes without bytes after them, circles,
 * references to nothing, twins, depth. Each changes the header in place, or gives the text of another one
 * (a string).
 */
export const HARM: Readonly<Record<string, (header: Header, random: Random) => unknown>> = {
  'a weight as large as 2^20 to 2^30': (header, random) => {
    const [, shape] = pick(header.weights, random);
    shape[random.integer(shape.length)] = 2 ** (20 + random.integer(11));
  },
  'a weight of rank 8 with large sizes': (header, random) => {
    pick(header.weights, random)[1] = Array.from({ length: 8 }, () => 1 + random.integer(64));
  },
  'a layer larger than its weights': (header, random) => {
    const layer = pick(
      layersOf(header).filter(({ config }) => 'units' in config || 'filters' in config),
      random,
    );
    layer.config['units' in layer.config ? 'units' : 'filters'] = 2 ** (10 + random.integer(40));
  },
  'a kernel or an input of absurd size': (header, random) => {
    const layer = pick(layersOf(header), random);
    layer.config[pick(['kernel_size', 'batch_input_shape', 'strides', 'dilation_rate'], random)] = [
      2 ** random.integer(40),
      2 ** random.integer(40),
      3,
      3,
    ];
  },
  'weights that the file does not have': (header, random) => {
    layersOf(header).push({
      name: 'more',
      class_name: 'Dense',
      config: { name: 'more', units: 2 ** random.integer(32) },
      inbound_nodes: [[['fifth', 0, 0, {}]]],
    });
  },
  'a layer that takes its own output': (header, random) => {
    const layer = fed(header, random);
    layer.inbound_nodes[0]![0]![0] = layer.name;
  },
  'layers in a circle': (header, random) => {
    fed(header, random).inbound_nodes[0]![0]![0] = layersOf(header).at(-1)!.name;
  },
  'an input from nowhere': (header, random) => {
    fed(header, random).inbound_nodes[0]![0]![0] = pick(['nobody', '__proto__', 'constructor', ''], random);
  },
  'an output of a call that is not made': (header, random) => {
    fed(header, random).inbound_nodes[0]![0]![1] = pick([1, 1e9, -1, 0.5], random);
  },
  'a circle under a key that only tfjs takes for the inputs': (header, random) => {
    const layer = fed(header, random);
    Object.assign(layer, { [pick(['inboundNodes', 'inbound__nodes'], random)]: [[[layer.name, 0, 0, {}]]] });
  },
  'a circle within a wrapped model': (header) => {
    const inner = {
      name: 'x',
      class_name: 'Dense',
      config: { name: 'x', units: 1 },
      inbound_nodes: [[['x', 0, 0, {}]]],
    };
    const layer = {
      class_name: 'Model',
      config: { name: 'm', layers: [inner], input_layers: [], output_layers: [['x', 0, 0]] },
    };
    layersOf(header).push({
      name: 'w',
      class_name: 'TimeDistributed',
      config: { name: 'w', layer },
      inbound_nodes: [[['fourth', 0, 0, {}]]],
    });
  },
  'two names for one layer': (header, random) => {
    fed(header, random).config['name'] = 'other';
  },
  'two layers of one name': (header, random) => {
    layersOf(header).push({ ...fed(header, random) });
  },
  'a weight twice': (header, random) => {
    header.weights.push(pick(header.weights, random));
  },
  'a chain of 5,000 layers': (header) => {
    for (let i = 0; i < 5000; i++)
      layersOf(header).push({
        name: `a${i}`,
        class_name: 'Activation',
        config: { name: `a${i}`, activation: 'relu' },
        inbound_nodes: [[[i === 0 ? 'fifth' : `a${i - 1}`, 0, 0, {}]]],
      });
  },
  'models within models, each called twice': (header) => {
    let layer: object = {
      class_name: 'Dense',
      config: { name: 'd', units: 1, batch_input_shape: [null, 1] },
    };
    for (let level = 0; level < 40; level++) {
      const input = {
        name: 'i',
        class_name: 'InputLayer',
        config: { name: 'i', batch_input_shape: [null, 1] },
        inbound_nodes: [],
      };
      const inner = {
        ...layer,
        name: (layer as { config: { name: string } }).config.name,
        inbound_nodes: [[['i', 0, 0, {}]], [['i', 0, 0, {}]]],
      };
      layer = {
        class_name: 'Model',
        config: {
          name: `m${level}`,
          layers: [input, inner],
          input_layers: [['i', 0, 0]],
          output_layers: [[inner.name, 1, 0]],
        },
      };
    }
    header.topology = layer as Record<string, unknown>;
  },
  'deep nesting': (header, random) =>
    `{"topology":${JSON.stringify(header.topology)},"weights":[],"x":${pick(['[', '{"a":'], random).repeat(1000 + random.integer(2e6))}`,
  'millions of arrays': (_header, random) =>
    `{"topology":{},"weights":[${'[],'.repeat(1e6 + random.integer(4e6))}[]]}`,
  'a topology of another kind': (header, random) => {
    header.topology = pick<object>(
      [
        {},
        { config: [] },
        { config: { layers: {} } },
        { config: { layers: [3] } },
        { class_name: 'Model', config: { layers: [{ class_name: 'Dense' }] } },
      ],
      random,
    ) as Record<string, unknown>;
  },
  'odd metadata': (header, random) => {
    header['metadata'] = pick<unknown>([3, [], 'x', { toString: 1 }], random);
  },
};

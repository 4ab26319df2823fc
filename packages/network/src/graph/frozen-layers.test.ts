import { withFrozenParts } from './frozen-layers.js';

test('a frozen part of a topology freezes all within it, and nothing beside it', () => {
  const layer = (name: string, more: object = {}) => ({ class_name: 'Dense', config: { name, ...more } });
  const topology = {
    model_config: {
      class_name: 'Functional',
      config: {
        layers: [
          layer('open'),
          {
            class_name: 'Functional',
            config: { trainable: false, layers: [layer('inner', { trainable: true })] },
          },
          { class_name: 'TimeDistributed', config: { trainable: false, layer: layer('wrapped') } },
        ],
      },
    },
  };
  const { layers: read } = withFrozenParts(topology).model_config.config as unknown as {
    layers: { config: Record<string, unknown> }[];
  };
  expect(read[0]).toEqual(layer('open'));
  expect(read[1]!.config['layers']).toEqual([layer('inner', { trainable: false })]);
  expect(read[2]!.config['layer']).toEqual(layer('wrapped', { trainable: false }));
  expect([withFrozenParts(undefined), withFrozenParts({ config: null }), withFrozenParts([1])]).toEqual([
    undefined,
    { config: null },
    [1],
  ]);
});

// A limit as somebody else writes one, in a file of its own: energy, so many microjoules a weight and bit.
const weightsOf = (layers, sizeOf) =>
  layers
    .flatMap(({ name, weights }) =>
      weights.map(({ name: weight, shape }) =>
        shape.reduce((product, size, axis) => product * sizeOf(size, `${name}/${weight}/${axis}`), 1),
      ),
    )
    .reduce((sum, count) => sum + count, 0);

const format = (value, round) => `${round(value * 1e3) / 1e3} mJ`;

module.exports = {
  tersorPlugin: 1,
  name: 'energy',
  kind: 'limit',
  id: 'energy',
  core: '>=0.1.0 <1.0.0',
  description: 'energy',
  options: {
    '~standard': {
      version: 1,
      vendor: 'none',
      validate: (value) =>
        typeof value.millijoules === 'number' ? { value } : { issues: [{ message: 'needs millijoules' }] },
    },
  },
  create: ({ millijoules }) => ({
    id: 'energy',
    prune: ({ name }) => ({
      name,
      limit: millijoules,
      of: ({ layers }) => weightsOf(layers, (size) => size) / 1e3,
      promise:
        ({ layers }, groups) =>
        ({ keep }) => {
          const gone = new Map();
          groups.forEach(({ channels, members }, i) =>
            members.forEach(({ layer, weight, axis, indexes }) =>
              gone.set(`${layer}/${weight}/${axis}`, (channels - keep[i]) * indexes[0].length),
            ),
          );
          return weightsOf(layers, (size, axis) => size - (gone.get(axis) ?? 0)) / 1e3;
        },
      format,
    }),
    quantize: ({ name }) => ({
      name,
      limit: millijoules,
      prepare: ({ layers }) => ({
        fixed: 0,
        part: (layer, { weights }) => (weightsOf([layers[layer]], (size) => size) * weights) / 1e6,
      }),
      format,
    }),
  }),
};

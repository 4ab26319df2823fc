// Images of noise as a data set in a file of its own.
const { pruneContext } = require('@tersor/testing');

module.exports = {
  tersorPlugin: 1,
  name: 'noise',
  kind: 'dataset',
  id: 'noise',
  core: '>=0.1.0 <1.0.0',
  description: 'images of noise',
  options: {
    '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) },
  },
  create: () => pruneContext().dataset,
};

// A backend as anybody might write one, in a file of its own: it runs networks in plain loops, without kernels of
// tfjs, and cannot train.
const { TersorError } = require('@tersor/core');
const { correctBackend } = require('@tersor/testing');

const create = () => {
  const backend = correctBackend();
  return {
    ...backend,
    id: 'plain',
    capabilities: { ...backend.capabilities, training: false },
    compileTraining: () =>
      Promise.reject(new TersorError('TRAINING_UNSUPPORTED', 'The plain backend cannot train.')),
  };
};

module.exports = {
  tersorPlugin: 1,
  name: 'plain',
  kind: 'backend',
  id: 'plain',
  core: '>=0.1.0 <1.0.0',
  description: 'runs networks in plain loops',
  options: {
    '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) },
  },
  create,
};

// A reward as anybody might write one, in a file of its own. With `deadly` it kills a process that was started by
// another: a worker of a search.
module.exports = {
  tersorPlugin: 1,
  name: 'doubled',
  kind: 'reward',
  id: 'doubled',
  core: '>=0.1.0 <1.0.0',
  description: 'twice the accuracy',
  options: {
    '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) },
  },
  create: ({ deadly }) => ({
    id: 'doubled',
    evaluate: ({ accuracy }) => {
      if (deadly && process.send && process.argv[1].includes('search-worker-process'))
        process.kill(process.pid, 'SIGKILL');
      return 2 * accuracy;
    },
  }),
};

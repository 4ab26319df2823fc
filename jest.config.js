const { readdirSync, existsSync } = require('node:fs');
const { availableParallelism } = require('node:os');

// One jest process for the whole repository; `nx test <project>` runs a single package.
module.exports = {
  // Two at least: many tests wait for processes of their own.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // Half a second, jest's own, is too short on a machine with more to do, and to unload TensorFlow or Dawn.
  workerGracefulExitTimeout: 10_000,
  testSequencer: './jest.sequencer.js',
  projects: ['packages', 'plugins']
    .flatMap((folder) => readdirSync(folder).map((name) => `<rootDir>/${folder}/${name}`))
    .concat('<rootDir>/tools', '<rootDir>/examples/browser', '<rootDir>/examples/ocr-direction')
    .filter((project) => existsSync(`${project.replace('<rootDir>', __dirname)}/jest.config.js`)),
};

const Sequencer = require('@jest/test-sequencer').default;

/**
 * Test files that take over ten seconds, the longest first: begun last they would leave the other workers
 * idle. Jest's own cache of durations knows nothing on a new machine.
 */
const LONG = [
  'kills-postgres',
  'kills-redis',
  'kill-and-resume',
  'backend-contract',
  'kills-child-process',
  'page',
  'docs-in-a-clone',
  'parallel-search',
  'real-networks-wasm',
  'real-networks-node',
  'stop-signals',
  'ui-browser',
  'cluster-guide',
  'layers-on-backends',
  'study-kill',
  'refined-winner',
  'calibrated-codes',
  'mobilenet-bench',
  'fuzz',
  'ddpg-agent',
  'ensemble-agent',
  'apply',
];

const place = ({ path }) => LONG.findIndex((name) => /([^/]+?)(\.e2e)?\.test\.ts$/.exec(path)[1] === name);

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const long = [...tests].filter((test) => place(test) >= 0).sort((a, b) => place(a) - place(b));
    return [...long, ...super.sort(tests).filter((test) => place(test) < 0)];
  }
};

const Sequencer = require('@jest/test-sequencer').default;

/**
 * Test files that take over ten seconds, the longest first: begun last they would leave the other workers
 * idle. Jest's own cache of durations knows nothing on a new machine.
 */
const LONG = [
  'kill-and-resume',
  'backend-contract',
  'docs-commands',
  'parallel-search',
  'real-networks-wasm',
  'real-networks-node',
  'stop-signals',
  'page',
  'layers-on-backends',
  'study-kill',
  'refined-winner',
  'calibrated-codes',
  'mobilenet-bench',
  'fuzz',
  'apply',
];

const place = ({ path }) => LONG.findIndex((name) => path.endsWith(`/${name}.test.ts`));

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const long = [...tests].filter((test) => place(test) >= 0).sort((a, b) => place(a) - place(b));
    return [...long, ...super.sort(tests).filter((test) => place(test) < 0)];
  }
};

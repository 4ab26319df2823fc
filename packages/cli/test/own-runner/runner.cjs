// A runner as anybody might write it, in a folder of its own and with no package around it: it compresses in the
// process of the study, and lays the files into the place of the trial.
const { compress } = require('@tersor/compression');
const { createTurns, inLocalFolder } = require('@tersor/study');
const { z } = require('zod');

async function compressed({ config, directory, place }, signal) {
  try {
    const shouldStop = () => signal.aborted;
    await inLocalFolder(place, (output) =>
      compress({ config, directory, output, resume: true, shouldStop, searchFrom: [__dirname] }),
    );
    return { status: 'done' };
  } catch (error) {
    if (error.code === 'INTERRUPTED') return { status: 'interrupted' };
    return { status: 'failed', error: error.message };
  }
}

module.exports = {
  tersorPlugin: 1,
  name: 'own-runner',
  kind: 'runner',
  id: 'own',
  core: '*',
  description: 'trials in the process of the study',
  options: z.strictObject({ greeting: z.string() }),
  create: ({ greeting }) => {
    process.stderr.write(`${greeting}\n`);
    const inTurn = createTurns(1);
    const run = async (trial, signal) =>
      (await inTurn(signal, () => compressed(trial, signal))) ?? { status: 'interrupted' };
    return { id: 'own', concurrency: 1, run };
  },
};

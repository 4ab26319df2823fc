// A runner as anybody might write it, in a folder of its own and with no package around it: it compresses in the
// process of the study, and lays the files into the place of the trial.
const { mkdtemp, rm } = require('node:fs/promises');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { compress } = require('@tersor/compression');
const { folderPlace } = require('@tersor/study');
const { z } = require('zod');

async function run({ config, directory, place }, signal) {
  if (signal.aborted) return { status: 'interrupted' };
  const folder = await mkdtemp(join(tmpdir(), 'own-runner-'));
  try {
    const shouldStop = () => signal.aborted;
    await compress({ config, directory, output: folder, shouldStop, searchFrom: [__dirname] });
    const results = folderPlace(folder);
    for (const name of await results.list()) await place.put(name, await results.get(name));
    return { status: 'done' };
  } catch (error) {
    if (error.code === 'INTERRUPTED') return { status: 'interrupted' };
    return { status: 'failed', error: error.message };
  } finally {
    await rm(folder, { recursive: true });
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
    return { id: 'own', concurrency: 1, run };
  },
};

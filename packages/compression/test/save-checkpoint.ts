import { checkpointStore } from '../src/run/checkpoint.js';

/**
 * Saves a small state and then one that is larger than a file may be here (`ulimit -f`), and prints the error
 * of the second as JSON.
 */
const origin = {
  config: {},
  identity: { tersor: '1.0.0', model: { topology: '' }, dataset: '', files: {}, plugins: {} },
};
const store = checkpointStore<unknown>(process.argv[2]!, origin);

async function main(): Promise<void> {
  await store.save('small');
  await store.save(new Float32Array(100_000)).then(
    () => process.stdout.write('{}'),
    (error: unknown) => process.stdout.write(JSON.stringify(error, ['code', 'message', 'hint'])),
  );
}

void main();

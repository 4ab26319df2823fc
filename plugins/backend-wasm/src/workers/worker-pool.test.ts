import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

it('lets the process go on after its workers stop, though they still owe an answer', () => {
  // In a process of its own: what is tested is that the event loop does not run empty, which ended a failed
  // command with exit code 0 and no message.
  const program = `
    const { createWasmBackend } = require(${JSON.stringify(join(__dirname, '../wasm-backend.ts'))});
    const tfl = require('@tensorflow/tfjs-layers');
    const { graphFromModel } = require('@tersor/network');
    (async () => {
      const backend = createWasmBackend({ workers: 2 });
      await backend.activate();
      const graph = await graphFromModel(tfl.sequential({ layers: [tfl.layers.dense({ units: 2, inputShape: [3] })] }));
      const session = await backend.compile(graph);
      session.dispose();
      // Blocks this thread until the answer lies in its queue: it is then read after the workers were told to
      // end.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
      await backend.dispose();
      console.log('went on');
    })();
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--conditions=tersor/source',
      '--require',
      join(__dirname, '../../../../tools/read-sources.cjs'),
      '-e',
      program,
    ],
    { cwd: __dirname, encoding: 'utf8' },
  );
  expect(stderr + stdout).toMatch(/went on/);
});

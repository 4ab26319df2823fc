// The example, its data and a backend, as the benches of single questions open them.
import { join } from 'node:path';
import { createHost, TOKENS } from '@tersor/core';
import { readNetwork } from '@tersor/network';
import { EXAMPLE, ROOT } from './networks.js';

/** Opens the example on a backend, which is active then; `host` is to be disposed of at the end. */
export async function openExample(backendName: string) {
  const host = await createHost({
    slots: [
      { kind: 'backend', name: '', path: 'backend', use: backendName, options: {} },
      {
        kind: 'dataset',
        name: '',
        path: 'dataset',
        use: 'cifar10',
        options: { dir: EXAMPLE.dataset['dir'], validation: 1000 },
      },
    ],
    directory: ROOT,
    seed: 1,
    searchFrom: [join(ROOT, 'packages/cli')],
  });
  const backend = await host.get(TOKENS.backend);
  const whole = await host.get(TOKENS.dataset);
  await backend.activate();
  return { host, backend, whole, graph: await readNetwork(EXAMPLE.model) };
}

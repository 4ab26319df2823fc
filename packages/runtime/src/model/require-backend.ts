import { engine, ready, setBackend } from '@tensorflow/tfjs-core';
import { ModelLoadError } from './model-load-error.js';

/**
 * Activates the tfjs backend of that name or, without a name, waits for the one that tfjs chooses. Throws
 * `BACKEND_UNAVAILABLE` that says what is missing if there is none.
 */
export async function requireBackend(name?: string): Promise<void> {
  const known = engine().backendNames();
  if (name === undefined) {
    if (known.length === 0)
      throw new ModelLoadError('BACKEND_UNAVAILABLE', 'TensorFlow.js has no backend to run a model on.', {
        hint: importHint('wasm'),
      });
    return ready().catch((cause: unknown) => {
      throw cannotStart(known.join(', '), cause);
    });
  }
  if (!known.includes(name))
    throw new ModelLoadError(
      'BACKEND_UNAVAILABLE',
      `TensorFlow.js has no backend "${name}"${known.length > 0 ? `; there are ${known.join(', ')}` : ''}.`,
      { hint: importHint(name) },
    );
  const isSet = await setBackend(name).catch((cause: unknown) => {
    throw cannotStart(name, cause);
  });
  if (!isSet) throw cannotStart(name);
}

function importHint(name: string): string {
  return `Import '@tensorflow/tfjs-backend-${name}' before loading; two copies of @tensorflow/tfjs-core in one program do not see each other's.`;
}

function cannotStart(name: string, cause?: unknown): ModelLoadError {
  return new ModelLoadError(
    'BACKEND_UNAVAILABLE',
    `The backend "${name}" of TensorFlow.js cannot start here.`,
    {
      hint: name.includes('wasm')
        ? 'Its .wasm files must be where it looks for them: call setWasmPaths() first.'
        : 'Choose another one, for instance "wasm" or "cpu".',
      cause,
    },
  );
}

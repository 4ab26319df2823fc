import { spawn } from 'node:child_process';
import { lockOutput } from '../src/run/output-lock.js';

/** What a test asks of a process that takes locks; it answers each with a `LockAnswer`. */
export type LockRequest =
  /** Takes a folder at a moment (ms since 1970), together with others. */
  | { readonly do: 'lock'; readonly folder: string; readonly at?: number }
  | { readonly do: 'release' }
  /** Starts a program that goes on when this process is killed. */
  | { readonly do: 'spawn' }
  /** Pretends to be on a platform for which there is no native library. */
  | { readonly do: 'unknown platform' };

/** `error` is the code of what `lockOutput` threw. */
export interface LockAnswer {
  readonly error?: string;
  readonly message?: string;
  readonly hint?: string;
  /** Process id of the program that `spawn` started. */
  readonly spawned?: number;
}

let release: (() => Promise<void>) | undefined;

async function answer(request: LockRequest): Promise<LockAnswer> {
  switch (request.do) {
    case 'lock': {
      while (Date.now() < (request.at ?? 0)); // All start in the same millisecond.
      try {
        release = await lockOutput(request.folder);
        return {};
      } catch (error) {
        const { code, message, hint } = error as { code: string; message: string; hint: string };
        return { error: code, message, hint };
      }
    }
    case 'release':
      await release?.();
      release = undefined;
      return {};
    case 'spawn':
      return { spawned: spawn('sleep', ['60'], { stdio: 'ignore', detached: true }).pid! };
    case 'unknown platform':
      Object.defineProperty(process, 'arch', { value: 'riscv64' });
      return {};
  }
}

// Loaded by the test too, for its types.
if (require.main === module)
  process.on('message', (request: LockRequest) => void answer(request).then((given) => process.send!(given)));

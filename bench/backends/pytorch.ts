import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * The PyTorch side of a benchmark: `ask` sends a command (bench/reference/vgg-torch.py) and gives the seconds
 * that it took.
 */
export interface Reference {
  readonly version: string;
  ask(command: string): Promise<number>;
  end(): void;
}

/** Starts PyTorch on two threads in a Python that has bench/reference/requirements.txt. */
export async function startReference(python: string): Promise<Reference> {
  const child = spawn(python, [join(__dirname, '../reference/vgg-torch.py'), '2'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${python} ended: does it have bench/reference/requirements.txt?`);
    return value;
  };
  const ready = await next();
  return {
    version: ready.split(' ')[1]!,
    ask: async (command) => {
      child.stdin.write(`${command}\n`);
      return Number(await next());
    },
    end: () => child.stdin.end(),
  };
}

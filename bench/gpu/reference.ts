import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** PyTorch on the same card: see reference.py. */
export interface Reference {
  /** Versions of PyTorch, CUDA, cuDNN and Python, and the card's name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Seconds that a command took. Throws where PyTorch says that it failed. */
  ask(command: string): Promise<number>;
  end(): void;
}

/** Starts PyTorch, which takes a while. */
export function startReference(python: string, script: string): Promise<Reference> {
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const failed = new Promise<never>((_, reject) => child.on('error', reject));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await Promise.race([lines.next(), failed]);
    if (done) throw new Error(`${python} ended: does it have PyTorch?`);
    return value as string;
  };
  return next().then((ready) => {
    const [, torch = '', cuda = '', cudnn = '', release = '', card = ''] = ready.split('\t');
    return {
      versions: { torch, cuda, cudnn, python: release, card },
      ask: async (command) => {
        child.stdin.write(`${command}\n`);
        const answer = await next();
        if (answer.startsWith('failed')) throw new Error(`PyTorch, ${command}: ${answer}`);
        return Number(answer);
      },
      end: () => child.stdin.end(),
    };
  });
}

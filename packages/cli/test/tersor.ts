import os from 'node:os';
import { run } from '../src/run.js';

/**
 * Runs the command line in this process and catches what it writes. It sees a single core, so that a backend
 * which takes as many threads as there are cores starts none: that costs more than all that a tiny network
 * asks of them. Results do not depend on their number.
 */
export async function tersor(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const spies = [
    jest.spyOn(os, 'availableParallelism').mockReturnValue(1),
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((written.out += String(text)), true)),
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((written.err += String(text)), true)),
  ];
  try {
    return { code: await run(['node', 'tersor', ...args]), ...written };
  } finally {
    spies.forEach((spy) => spy.mockRestore());
  }
}

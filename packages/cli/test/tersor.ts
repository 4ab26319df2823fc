import { run } from '../src/run.js';

/** Runs the command line in this process and catches what it writes. */
export async function tersor(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((written.out += String(text)), true)),
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((written.err += String(text)), true)),
  ];
  try {
    return { code: await run(['node', 'tersor', ...args]), ...written };
  } finally {
    spies.forEach((spy) => spy.mockRestore());
  }
}

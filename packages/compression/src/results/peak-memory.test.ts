import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const MIB = 2 ** 20;

/** Runs the rest of its arguments in a process that a small one starts. */
const LAUNCHER = `
require('node:child_process').spawnSync(process.execPath, process.argv.slice(1), { stdio: 'inherit' });
`;

/**
 * In a process of its own: what other tests held and gave back would be the peak of this one, and that of
 * a program which this one starts.
 */
const PROGRAM = `
const { peakResidentBytes } = require('./peak-memory.ts');
const resident = process.memoryUsage.rss();
const before = peakResidentBytes();
// Not the pool and not zeros: pages count once they are written.
let held = Buffer.alloc(${256 * MIB}, 1);
const holding = peakResidentBytes();
held = undefined;
gc();
console.log(JSON.stringify({ resident, before, holding, after: peakResidentBytes() }));
`;

describe('peakResidentBytes', () => {
  it('is in bytes, and remembers memory that was held', () => {
    const sources = join(__dirname, '../../../../tools/read-sources.cjs');
    const program = ['--expose-gc', '--conditions=tersor/source', '--require', sources, '-e', PROGRAM];
    const args = ['-e', LAUNCHER, '--', ...program];
    const printed = execFileSync(process.execPath, args, { cwd: __dirname, encoding: 'utf8' });
    const { resident, before, holding, after } = JSON.parse(printed) as Record<string, number>;
    expect(before).toBeGreaterThanOrEqual(resident! - 16 * MIB);
    expect(before).toBeLessThan(resident! + 256 * MIB);
    expect(holding).toBeGreaterThanOrEqual(resident! + 240 * MIB);
    expect(holding).toBeLessThan(before! + 272 * MIB);
    expect(after).toBeGreaterThanOrEqual(holding!);
  });
});

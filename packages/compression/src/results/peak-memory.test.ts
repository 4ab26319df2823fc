import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const MIB = 2 ** 20;

/** What the process holds that starts the program. */
const PARENT = 500 * MIB;
const LAUNCHER = `
const held = Buffer.alloc(${PARENT}, 1);
const options = { stdio: 'inherit' };
const { status } = require('node:child_process').spawnSync(process.execPath, process.argv.slice(1), options);
process.exitCode = held.length === ${PARENT} ? status : 1;
`;

/** In a process of its own: what other tests held and gave back would be the peak of this one. */
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
  it('is in bytes, and remembers memory that was held, but not that of the process that started this one', () => {
    const sources = join(__dirname, '../../../../tools/read-sources.cjs');
    const program = ['--expose-gc', '--conditions=tersor/source', '--require', sources, '-e', PROGRAM];
    const args = ['-e', LAUNCHER, '--', ...program];
    const printed = execFileSync(process.execPath, args, { cwd: __dirname, encoding: 'utf8' });
    const { resident, before, holding, after } = JSON.parse(printed) as Record<string, number>;
    expect(before).toBeGreaterThanOrEqual(resident! - 16 * MIB);
    expect(before).toBeLessThan(resident! + 128 * MIB);
    expect(before).toBeLessThan(PARENT / 2);
    expect(holding).toBeGreaterThanOrEqual(resident! + 240 * MIB);
    expect(holding).toBeLessThan(before! + 272 * MIB);
    // Linux counts pages of each processor apart, and sums them up now and then.
    expect(after).toBeGreaterThanOrEqual(holding! - 16 * MIB);
  });
});

import { peakResidentBytes } from './peak-memory.js';

const MIB = 2 ** 20;

describe('peakResidentBytes', () => {
  it('is in bytes, and remembers memory that was held', () => {
    const before = peakResidentBytes();
    expect(before).toBeGreaterThanOrEqual(process.memoryUsage.rss() - 16 * MIB);
    // What is resident now may be below the peak: with this much more it is above, by 64 MiB.
    const extra = before - process.memoryUsage.rss() + 64 * MIB;
    // Not the pool and not zeros: pages count once they are written.
    const held = Buffer.alloc(extra, 1);
    const growth = peakResidentBytes() - before;
    expect(held[extra - 1]).toBe(1);
    expect(growth).toBeGreaterThan(48 * MIB);
    expect(growth).toBeLessThan(extra + 256 * MIB);
  });
});

import { createSharedMemory } from './shared-memory.js';

describe('createSharedMemory', () => {
  it('lends a copy of the data whose floats lie in one shared buffer', async () => {
    const kernel = Float32Array.of(1, 2, 3);
    const data = {
      name: 'step',
      weights: [
        { shape: [3], data: kernel },
        { shape: [], data: Float32Array.of(4) },
      ],
      labels: Int32Array.of(7),
      bias: undefined,
    };
    await createSharedMemory().lend(data, async (shared) => {
      expect(shared).toEqual(data);
      const [first, second] = shared.weights.map(({ data }) => data.buffer);
      expect(first).toBeInstanceOf(SharedArrayBuffer);
      expect(second).toBe(first);
      shared.weights[0]!.data[0] = 9;
    });
    expect([...kernel]).toEqual([1, 2, 3]);
  });

  it('uses a buffer again once it is free, and a larger one when it is too small', async () => {
    const memory = createSharedMemory();
    const bufferOf = (length: number) => memory.lend(new Float32Array(length), async ({ buffer }) => buffer);
    const first = await bufferOf(8);
    expect(await bufferOf(5)).toBe(first);
    const larger = await bufferOf(9);
    expect(larger).not.toBe(first);
    expect(await bufferOf(8)).toBe(larger);
  });

  it('gives two requests at the same time a buffer each', async () => {
    const memory = createSharedMemory();
    const both = await memory.lend(Float32Array.of(1), (one) =>
      memory.lend(Float32Array.of(2), async (two) => [one, two]),
    );
    expect(both.map(([value]) => value)).toEqual([1, 2]);
  });

  it('takes the buffer back from a request that failed', async () => {
    const memory = createSharedMemory();
    let failed: ArrayBufferLike | undefined;
    await expect(
      memory.lend(
        new Float32Array(4),
        async ({ buffer }) => ((failed = buffer), Promise.reject(new Error('worker ended'))),
      ),
    ).rejects.toThrow('worker ended');
    expect(await memory.lend(new Float32Array(4), async ({ buffer }) => buffer)).toBe(failed);
  });
});

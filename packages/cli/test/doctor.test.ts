import type { Availability } from '@tersor/core';
import { tersor } from './tersor.js';

describe('tersor doctor', () => {
  it('lists every backend, the reference of the tests too, and no noise of their libraries', async () => {
    const { code, out, err } = await tersor('doctor');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^Node v\d+\.\S+ on \S+, \d+ cores\n {2}cpu: available \(tfjs 4\.22\.0\)\n {4}Plain JavaScript: slow, the reference in tests\n {2}node: /,
    );
    expect(out).toMatch(/^ {2}wasm: available \(simd \S+, workers \d+\)$/m);
    // With a way out where it is not available: tfjs-node and a GPU need not be there.
    for (const name of ['node', 'webgpu'])
      expect(out).toMatch(new RegExp(`^ {2}${name}: (available \\(.*\\)|not available: .*)\\n {4}\\S`, 'm'));
  });

  it('says the same to programs, and where tfjs-node comes from', async () => {
    const { backends } = JSON.parse((await tersor('doctor', '--json')).out) as {
      backends: { backend: string; description?: string; availability: Availability }[];
    };
    expect(backends.map(({ backend }) => backend)).toEqual(['cpu', 'node', 'wasm', 'webgpu']);
    expect(backends[2]).toMatchObject({
      description: expect.stringContaining('WebAssembly'),
      availability: { available: true, details: { workers: expect.any(Number) } },
    });
    const tfjsNode = backends[1]!.availability;
    expect(tfjsNode.available ? tfjsNode.details : tfjsNode).toMatchObject(
      tfjsNode.available
        ? {
            from: expect.stringMatching(/^npm /),
            TensorFlow: expect.stringMatching(/^\d+\./),
            allocator: expect.stringMatching(/^(set|not needed)$/),
          }
        : { install: expect.stringContaining('npm ') },
    );
  });
});

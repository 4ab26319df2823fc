import { backendContract, describeContract } from '@tersor/testing';
import type { Backend } from '@tersor/core';
import { describeWhereAvailable } from '../test/where-available.js';
import { createWebgpuBackend } from './webgpu-backend.js';

const make = () => createWebgpuBackend({ powerPreference: 'high-performance', batchSize: 4 });
/** The case that looks at the end of a backend. */
const ENDS = 'it can be activated and disposed twice';

describeWhereAvailable('with an adapter', () => {
  it('is available', async () => expect(await make().isAvailable()).toMatchObject({ available: true }));

  // A software adapter takes seconds to compile the shaders of a device: the other cases share one.
  describe('shared by cases', () => {
    const shared = make();
    const lent: Backend = { ...shared, dispose: async () => undefined };
    afterAll(() => shared.dispose());
    const cases = backendContract(() => lent).filter(({ name }) => name !== ENDS);
    describeContract('webgpu backend', cases);
  });

  const ends = backendContract(make).filter(({ name }) => name === ENDS);
  it('has a case on its end', () => expect(ends).toHaveLength(1));
  describeContract('webgpu backend', ends);
});

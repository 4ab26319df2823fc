import { backendContract, describeContract } from '@tersor/testing';
import { createWasmBackend } from './wasm-backend.js';

// Starting a worker from source compiles it first: seconds on a busy machine.
jest.setTimeout(120_000);
for (const workers of [1, 2])
  describeContract(
    `wasm backend with ${workers} workers`,
    backendContract(() => createWasmBackend({ workers })),
  );

import { backendContract, describeContract } from '@tersor/testing';
import { createWasmBackend } from './wasm-backend.js';

for (const workers of [1, 2])
  describeContract(
    `wasm backend with ${workers} workers`,
    backendContract(() => createWasmBackend({ workers })),
  );

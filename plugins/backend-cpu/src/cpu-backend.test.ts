import { backendContract, describeContract } from '@tersor/testing';
import { createCpuBackend } from './cpu-backend.js';

jest.setTimeout(60_000);
describeContract('cpu backend', backendContract(createCpuBackend));

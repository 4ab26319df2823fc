import { backendContract, describeContract } from '@tersor/testing';
import { createCpuBackend } from './cpu-backend.js';

describeContract('cpu backend', backendContract(createCpuBackend));

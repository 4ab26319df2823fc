import type { Lane } from '../src/jobs.js';
import { offer } from './synthetic-study.js';

/** A lane that the workers of the synthetic study may take trials of. */
export const lane: Lane = {
  queue: 'lane-1',
  versions: offer.versions,
  backends: ['wasm'],
  cores: 2,
  memoryBytes: 4e9,
  leaseMs: 1000,
  retakes: 1,
  store: { address: '/store', id: 'id' },
};

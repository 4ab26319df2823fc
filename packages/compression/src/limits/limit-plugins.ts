import type { Plugin } from '@tersor/core';
import { bitOperationsLimit, bytesLimit } from './bit-limits.js';
import { macsLimit, parametersLimit } from './cost-limits.js';
import { latencyLimit } from './latency-limit.js';

/** The limits that need no package of their own. */
export const limitPlugins: readonly Plugin[] = [
  macsLimit,
  parametersLimit,
  latencyLimit,
  bytesLimit,
  bitOperationsLimit,
];

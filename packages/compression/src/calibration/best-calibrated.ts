import { policyDigest } from '../search/policy-digest.js';
import type { QuantizePolicy } from '../policy/quantize-policy.js';
import type { CalibratedNetwork } from './calibrate-winner.js';

/** Of networks that were carried out to choose the winner among them, the one with the highest reward. */
export interface BestCalibrated {
  /** Keeps the network in place of the one before if its reward is higher. */
  offer(bits: QuantizePolicy, network: CalibratedNetwork, reward: number): void;
  /** The network of these bits, if it is the one that was kept. */
  of(bits: QuantizePolicy): CalibratedNetwork | undefined;
}

/** Keeps a single network: several of a large one would not fit into memory. */
export function createBestCalibrated(): BestCalibrated {
  let best:
    | { readonly digest: string; readonly network: CalibratedNetwork; readonly reward: number }
    | undefined;
  return {
    offer: (bits, network, reward) => {
      if (best === undefined || reward > best.reward) best = { digest: policyDigest(bits), network, reward };
    },
    of: (bits) => (best?.digest === policyDigest(bits) ? best.network : undefined),
  };
}

import type { PluginKind, PluginProducts } from '../tokens.js';
import type { Reward } from '../contracts/reward.js';
import { misbehaved, type Culprit } from './culprit.js';
import { guardAgentFactory } from './guard-agent.js';
import { guardBackend } from './guard-backend.js';
import { guardDataset } from './guard-dataset.js';
import { guardEnvironmentFactory } from './guard-environment.js';
import { guardFormat } from './guard-format.js';
import { guardLimitFactory } from './guard-limit.js';
import { guardPruner } from './guard-pruner.js';
import { guardQuantizer } from './guard-quantizer.js';
import { guardRunner } from './guard-runner.js';
import { guarded } from './guarded.js';

const GUARDS: {
  readonly [K in PluginKind]: (culprit: Culprit, product: PluginProducts[K]) => PluginProducts[K];
} = {
  agent: guardAgentFactory,
  environment: guardEnvironmentFactory,
  pruner: guardPruner,
  quantizer: guardQuantizer,
  backend: guardBackend,
  dataset: guardDataset,
  reward: guardReward,
  format: guardFormat,
  runner: guardRunner,
  limit: guardLimitFactory,
};

/**
 * What a plugin made, with its contract checked at every call: the one place where foreign code meets ours.
 * Each check is as cheap as writing the result down was. Errors: `PLUGIN_MISBEHAVED` for a value that breaks
 * a promise, `PLUGIN_FAILED` for what the plugin throws.
 */
export function guardProduct<K extends PluginKind>(
  culprit: Culprit & { readonly kind: K },
  product: PluginProducts[K],
): PluginProducts[K] {
  return GUARDS[culprit.kind](culprit, product);
}

function guardReward(culprit: Culprit, reward: Reward): Reward {
  return guarded(culprit, reward, {
    now: {
      evaluate: (result) => {
        if (typeof result !== 'number' || !Number.isFinite(result))
          throw misbehaved(culprit, 'evaluate', 'a finite number', result);
        return result;
      },
    },
  });
}

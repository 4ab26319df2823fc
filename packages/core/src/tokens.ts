import type { AgentFactory } from './contracts/agent.js';
import type { Backend } from './contracts/backend.js';
import type { Dataset } from './contracts/dataset.js';
import type { EnvironmentFactory } from './contracts/environment-task.js';
import type { Format } from './contracts/format.js';
import type { LimitFactory } from './contracts/limit.js';
import type { Pruner } from './contracts/pruner.js';
import type { Quantizer } from './contracts/quantizer.js';
import type { Reward } from './contracts/reward.js';
import type { TrialRunner } from './contracts/runner.js';

/** What a plugin of each kind creates. */
export interface PluginProducts {
  agent: AgentFactory;
  environment: EnvironmentFactory;
  pruner: Pruner;
  quantizer: Quantizer;
  backend: Backend;
  dataset: Dataset;
  reward: Reward;
  format: Format;
  runner: TrialRunner;
  limit: LimitFactory;
}

export type PluginKind = keyof PluginProducts;

/** Names a service of the host and carries its type. */
export interface Token<T> {
  readonly symbol: symbol;
  /** Type carrier; never set. */
  readonly type?: T;
}

function token<T>(name: string): Token<T> {
  return { symbol: Symbol.for(`tersor/${name}`) };
}

/**
 * Every service of the host. A kind with several instances (an agent per stage) is told apart by the slot's
 * name.
 */
export const TOKENS = {
  agent: token<AgentFactory>('agent'),
  environment: token<EnvironmentFactory>('environment'),
  pruner: token<Pruner>('pruner'),
  quantizer: token<Quantizer>('quantizer'),
  backend: token<Backend>('backend'),
  dataset: token<Dataset>('dataset'),
  reward: token<Reward>('reward'),
  format: token<Format>('format'),
  runner: token<TrialRunner>('runner'),
  limit: token<LimitFactory>('limit'),
} satisfies { [K in PluginKind]: Token<PluginProducts[K]> };

export const PLUGIN_KINDS = Object.keys(TOKENS) as PluginKind[];

// Who searches, and where.

/**
 * A search: an agent, a heuristic or a peer by name, in the environment with a wall (`plain`) or around the
 * heuristic.
 */
export interface Arm {
  readonly agent: string;
  readonly environment: 'plain' | 'residual';
}

/** Heuristics are one evaluation each. */
export const HEURISTICS: readonly string[] = [
  'uniform',
  'magnitude',
  'reconstruction',
  'reconstruction, probed',
];

/** How the errors of channel groups are weighed where the heuristic adds them up; bits always have probes. */
export type Weights = 'equal' | 'probed';

export const weightsOf = (agent: string): Weights => (agent.endsWith(', probed') ? 'probed' : 'equal');

/** Optimizers of other libraries, over whole policies: see peer.py. */
export const PEERS: readonly string[] = ['cma', 'tpe', 'gp'];

const NEAR = { warmup: 2, sigma: 0.15 };
const MANY = { ...NEAR, hidden: [64, 64], actorRate: 1e-3, updates: 10 };

interface Agent {
  readonly use: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** It first learns from the searches in this task that the folder of results has the episodes of. */
  readonly studies?: string;
  /** Where the question is how it begins, instead of the evaluations of the others. */
  readonly evaluations?: number;
}

/** Agents of ours by the name of the arm; those with options are for choices. */
export const AGENTS: Readonly<Record<string, Agent>> = {
  ddpg: { use: 'ddpg', options: {} },
  ppo: { use: 'ppo', options: {} },
  ensemble: { use: 'ensemble', options: {} },
  'ensemble, carried over': {
    use: 'ensemble',
    options: { shared: true },
    studies: 'example at 15%',
    evaluations: 10,
  },
  'ensemble, probed': { use: 'ensemble', options: {} },
  evolution: { use: 'evolution', options: {} },
  random: { use: 'random', options: {} },
  'ddpg, little noise': { use: 'ddpg', options: NEAR },
  'ddpg, many updates': { use: 'ddpg', options: MANY },
  'ddpg, REDQ': { use: 'ddpg', options: { ...MANY, critics: 5 } },
  'ddpg, DroQ': { use: 'ddpg', options: { ...MANY, critics: 2, normalize: true, dropout: 0.01 } },
  'ddpg, DroQ and imitation': {
    use: 'ddpg',
    options: { ...MANY, critics: 2, normalize: true, dropout: 0.01, imitate: 0.1 },
  },
  'ddpg, guesses': { use: 'ddpg', options: { ...MANY, warmup: 0, guesses: 1000 } },
  'ddpg, TD3': { use: 'ddpg', options: { ...NEAR, twin: true, actorDelay: 2, targetNoise: 0.1 } },
};

/** Arms of the experiment; every search begins with the heuristic `reconstruction`. */
export const ARMS: readonly Arm[] = [
  { agent: 'reconstruction, probed', environment: 'plain' },
  { agent: 'ensemble, probed', environment: 'residual' },
  ...['reconstruction', 'ddpg', 'ensemble', 'evolution', 'ppo', 'random', ...PEERS].map(
    (agent): Arm => ({ agent, environment: agent === 'reconstruction' ? 'plain' : 'residual' }),
  ),
  ...['evolution', 'ddpg', 'ppo', 'random', 'magnitude', 'uniform'].map(
    (agent): Arm => ({ agent, environment: 'plain' }),
  ),
];

/** Arms that defaults are chosen from, on tasks that are none of the six. */
export const CHOICES: readonly Arm[] = Object.keys(AGENTS)
  .filter((agent) => agent.includes(', ') && weightsOf(agent) === 'equal')
  .map((agent) => ({ agent, environment: 'residual' }));

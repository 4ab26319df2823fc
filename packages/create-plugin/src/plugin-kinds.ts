/** What the generator knows of a kind of plugin. */
export interface KindFacts {
  /** What the generated plugin does. */
  readonly summary: string;
  /** Packages that its source imports, besides @tersor/core and zod; ours without a version. */
  readonly dependencies: Readonly<Record<string, string | undefined>>;
  /** Packages that must be the user's own copy. */
  readonly peers: Readonly<Record<string, string>>;
}

const TFJS = { '@tensorflow/tfjs-core': '4.22.0' };
const LAYERS = { ...TFJS, '@tensorflow/tfjs-layers': '4.22.0' };

/** The kinds of plugins that can be generated, each with a working implementation to start from. */
export const KIND_FACTS = {
  agent: {
    summary: 'Random search around the best policy so far.',
    dependencies: { '@tersor/rl': undefined },
    peers: {},
  },
  environment: {
    summary: "The stage's own environment, with a penalty on policies that treat neighbours unevenly.",
    dependencies: { '@tersor/compression': undefined },
    peers: LAYERS,
  },
  pruner: {
    summary: 'Removes channels at random: what any criterion has to beat.',
    dependencies: { '@tersor/network': undefined },
    peers: LAYERS,
  },
  quantizer: { summary: 'Rounds weights to powers of two, 2 to 4 bits.', dependencies: {}, peers: {} },
  backend: {
    summary: 'The plain JavaScript kernels of TensorFlow.js, as a backend.',
    dependencies: { '@tensorflow/tfjs-backend-cpu': '4.22.0', '@tersor/network': undefined },
    peers: LAYERS,
  },
  dataset: {
    summary: 'Stripes in several directions, drawn from the seed: no files needed.',
    dependencies: {},
    peers: {},
  },
  limit: {
    summary: 'Bytes of the weights when each takes so many: a limit on memory.',
    dependencies: {},
    peers: {},
  },
  reward: { summary: 'Relative accuracy minus weighted relative MACs.', dependencies: {}, peers: {} },
} as const satisfies Record<string, KindFacts>;

export type GeneratedKind = keyof typeof KIND_FACTS;

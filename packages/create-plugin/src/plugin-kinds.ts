/** What the generator knows of a kind of plugin. */
export interface KindFacts {
  /** What the generated plugin does. */
  readonly summary: string;
  /** Packages that its source imports, besides @tersor/core and zod; ours without a version. */
  readonly dependencies: Readonly<Record<string, string | undefined>>;
  /** Packages that must be the user's own copy. */
  readonly peers: Readonly<Record<string, string>>;
  /** Where a config names it, with dots: `prune.agent`; a study where it begins with `study`. */
  readonly place: string;
  /** Options without which it cannot be made. */
  readonly options?: Options;
  /** What the example config says besides. */
  readonly configOptions?: Options;
  /** What the pipeline's test says instead. */
  readonly testOptions?: Options;
  /** What the place holds where that is more than the plugin, around the plugin. */
  readonly around?: (plugin: string) => string;
  /** Format that the pipeline's test writes its network in: the plugin itself; layers-model without. */
  readonly writesModel?: true;
  /** How the pipeline's test compresses, as source; by `compress` without. */
  readonly pipeline?: { readonly imports: string; readonly compress: string };
}

type Options = Readonly<Record<string, string | number>>;

const TFJS = { '@tensorflow/tfjs-core': '4.22.0' };
const LAYERS = { ...TFJS, '@tensorflow/tfjs-layers': '4.22.0' };

/** The kinds of plugins that can be generated, each with a working implementation to start from. */
export const KIND_FACTS = {
  agent: {
    summary: 'Random search around the best policy so far.',
    dependencies: { '@tersor/rl': undefined },
    peers: {},
    place: 'prune.agent',
  },
  environment: {
    summary: "The stage's own environment, with a penalty on policies that treat neighbours unevenly.",
    dependencies: { '@tersor/compression': undefined },
    peers: LAYERS,
    place: 'prune.environment',
  },
  pruner: {
    summary: 'Removes channels at random: what any criterion has to beat.',
    dependencies: { '@tersor/network': undefined },
    peers: LAYERS,
    place: 'prune.pruner',
  },
  quantizer: {
    summary: 'Rounds weights to powers of two, 2 to 4 bits.',
    dependencies: {},
    peers: {},
    place: 'quantize.quantizer',
  },
  backend: {
    summary: 'The plain JavaScript kernels of TensorFlow.js, as a backend.',
    dependencies: { '@tensorflow/tfjs-backend-cpu': '4.22.0', '@tersor/network': undefined },
    peers: LAYERS,
    place: 'backend',
  },
  dataset: {
    summary: 'Stripes in several directions, drawn from the seed: no files needed.',
    dependencies: {},
    peers: {},
    testOptions: { images: 40, height: 8, width: 8, classes: 4 },
    place: 'dataset',
  },
  limit: {
    summary: 'Bytes of the weights when each takes so many: a limit on memory.',
    dependencies: {},
    peers: {},
    place: 'prune.budget',
    options: { kilobytes: 2000 },
    testOptions: { kilobytes: 4 },
    around: (plugin) => `{ macs: 0.7, mine: ${plugin} }`,
  },
  format: {
    summary: 'Networks in one file: layers as JSON, weights as they are.',
    dependencies: {},
    peers: {},
    place: 'model',
    configOptions: { path: 'exported/model.net' },
    testOptions: { path: 'model/model.net' },
    writesModel: true,
  },
  runner: {
    summary: 'Runs the trials of a study in its own process, one after the other.',
    dependencies: { '@tersor/compression': undefined, '@tersor/study': undefined },
    peers: LAYERS,
    place: 'study.runner',
    pipeline: {
      imports: `import { identifyCompression, type Summary } from '@tersor/compression';
import { folderPlace } from '@tersor/study';
import { create__Name__Runner } from './index.js';
`,
      compress: `    const found = { plugins, searchFrom };
    const trial = {
      id: 'one',
      config,
      inputs: await identifyCompression(config, { directory: folder, ...found }),
      directory: folder,
      place: folderPlace(join(folder, 'out')),
    };
    const outcome = await create__Name__Runner(found).run(trial, new AbortController().signal);
    assert.deepEqual(outcome, { status: 'done' });
    const summary = JSON.parse(await readFile(join(folder, 'out/summary.json'), 'utf8')) as Summary;
`,
    },
  },
  reward: {
    summary: 'Relative accuracy minus weighted relative MACs.',
    dependencies: {},
    peers: {},
    place: 'prune.reward',
  },
} as const satisfies Record<string, KindFacts>;

export type GeneratedKind = keyof typeof KIND_FACTS;

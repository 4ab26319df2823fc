// Opens a task of the experiment: network, images, pruner or calibrated quantizer, limits.
import { join } from 'node:path';
import {
  builtinPlugins,
  costLimit,
  createBytesLimit,
  createEvaluator,
  encodeGraph,
} from '@tersor/compression';
import { layersWithKernels, packModel, prepareCalibration, withHalfPrecision } from '@tersor/compression';
import {
  createHost,
  TOKENS,
  type Environment,
  type EnvironmentTask,
  type Evaluation,
  type Host,
  type LayerGraph,
  type Plugin,
  type PruneConfig,
} from '@tersor/core';
import { channelGroups, cost, readNetwork } from '@tersor/network';
import { policyDigest } from '../../../packages/compression/src/search/policy-digest.js';
import { createSearchEvaluators } from '../../../packages/compression/src/search/search-images.js';
import baselines from '../../../plugins/agent-baselines/src/index.js';
import ddpg from '../../../plugins/agent-ddpg/src/index.js';
import ensemble from '../../../plugins/agent-ensemble/src/index.js';
import ppo from '../../../plugins/agent-ppo/src/index.js';
import node from '../../../plugins/backend-node/src/index.js';
import wasm from '../../../plugins/backend-wasm/src/index.js';
import webgpu from '../../../plugins/backend-webgpu/src/index.js';
import { cifar10, imageFolder } from '../../../plugins/datasets/src/index.js';
import channel from '../../../plugins/pruner-channel/src/index.js';
import linear from '../../../plugins/quantizer-linear/src/index.js';
import { AGENTS, type Weights } from './arms.js';
import type { Task } from './tasks.js';

const PLUGINS = [
  ...[...baselines, ddpg, ensemble, ppo, node, wasm, webgpu, cifar10, imageFolder, channel, linear],
  ...builtinPlugins,
] as readonly Plugin[];

/** Where models and images lie. */
export interface Places {
  readonly examples: string;
  /** `../shared/data` of a checkout: VGG-19 and MobileNet. */
  readonly shared: string;
  /** All of CIFAR-10; without it the example's 1,000 test images stand for the 10,000. */
  readonly cifar: string | undefined;
  readonly backend: string;
  /** Arithmetic of the backend node. */
  readonly precision?: string | undefined;
  /** Images of the search, of which as many others confirm, instead of the task's own number. */
  readonly images?: number | undefined;
  /** CIFAR images that are held out of training; 1,000 when absent, which the example was not trained on. */
  readonly validation?: number | undefined;
}

/** Which images an environment measures on. */
export type Images = 'search' | 'confirm' | 'test';

export interface OpenTask {
  readonly host: Host;
  /** The original. */
  readonly network: LayerGraph;
  readonly testImages: number;
  /** Metrics of the uncompressed network. */
  readonly original: { readonly confirm: number; readonly test: number };
  /** Measures on images, or in a way of the caller's. */
  readonly environment: (
    id: string,
    images: Images | Measure,
    reward: string,
    weights?: Weights,
  ) => Promise<Environment>;
  readonly dispose: () => Promise<void>;
}

const MODELS = {
  example: ({ examples }: Places) => join(examples, 'vgg-small/model'),
  resnet20: ({ examples }: Places) => join(examples, 'resnet20/model'),
  vgg19: ({ shared }: Places) => join(shared, 'models/vgg19-cifar10'),
  mobilenet: ({ shared }: Places) => join(shared, 'models/mobilenet_v1_025_224'),
};

function dataOf({ model }: Task, { examples, cifar, validation = 1000 }: Places) {
  if (model === 'mobilenet')
    return {
      use: 'image-folder',
      options: {
        dir: join(examples, 'data/imagenet-sample'),
        train: 'search.txt',
        test: 'test.txt',
        classes: 'classes.txt',
        validation: 300,
        normalize: 'minus-one-to-one',
      },
    };
  const dir = model === 'vgg19' ? cifar : join(examples, 'data/cifar-10-mini');
  return { use: 'cifar10', options: { dir, validation } };
}

const slot = (kind: 'environment' | 'reward', use: string) =>
  ({ kind, name: use, path: use, use, options: {} }) as const;

/**
 * The seed draws the images that are searched on and those that moments are gathered from.
 * @param known test accuracy of the original, where it was measured before
 */
export async function openTask(task: Task, places: Places, seed: number, known?: number): Promise<OpenTask> {
  const data = { kind: 'dataset', path: 'dataset', ...dataOf(task, places) } as const;
  const whole = places.cifar !== undefined && task.model !== 'mobilenet';
  const environments = task.stage === 'prune' ? ['pruning', 'residual'] : ['bit-width', 'residual'];
  const host = await createHost({
    slots: [
      {
        kind: 'backend',
        name: '',
        path: 'backend',
        use: places.backend,
        options: places.precision ? { precision: places.precision } : {},
      },
      { ...data, name: '' },
      { ...data, name: 'test', ...(whole && { options: { ...data.options, dir: places.cifar } }) },
      ...(['equal', 'probed'] as const).map((weights) => ({
        kind: 'pruner' as const,
        name: weights,
        path: 'pruner',
        use: 'channel',
        options: { criterion: 'reconstruction', images: task.moments, weights },
      })),
      {
        kind: 'quantizer',
        name: '',
        path: 'quantizer',
        use: 'linear',
        options: { calibrate: { images: task.moments } },
      },
      ...Object.entries(AGENTS).map(
        ([name, { use, options }]) => ({ kind: 'agent', name, path: name, use, options }) as const,
      ),
      ...environments.map((use) => slot('environment', use)),
      ...['accuracy', 'agreement'].map((use) => slot('reward', use)),
    ],
    directory: process.cwd(),
    seed,
    builtins: PLUGINS,
  });
  const backend = await host.get(TOKENS.backend);
  await backend.activate();
  const dataset = await host.get(TOKENS.dataset);
  const original = await readNetwork(MODELS[task.model](places));
  const makings = new Map<Weights, Promise<Making>>();
  const makingBy = (weights: Weights): Promise<Making> => {
    const making = makings.get(weights) ?? makeTask(host, task, original, seed, weights);
    makings.set(weights, making);
    return making;
  };
  await makingBy('equal');
  const config = { images: places.images ?? task.images, search: { confirm: 1 } } as PruneConfig;
  const { search, confirm } = await createSearchEvaluators({ backend, dataset, seed }, config, original);
  const test = await createEvaluator({
    backend,
    dataset: await host.get(TOKENS.dataset, 'test'),
    split: 'test',
    original,
  });
  const evaluators = { search, confirm: confirm!, test };
  const measured = new Map<string, Evaluation>();
  return {
    host,
    network: original,
    testImages: test.count,
    original: { confirm: await confirm!.accuracy(original), test: known ?? (await test.accuracy(original)) },
    environment: async (id, images, reward, weights = 'equal') => {
      const making = await makingBy(weights);
      const make = await host.get(TOKENS.environment, id);
      const rewarding = await host.get(TOKENS.reward, reward);
      return make(
        making(rewarding, async (graph, policy) => {
          if (typeof images === 'function') return images(graph, policy);
          const key = `${images} ${weights} ${policy}`;
          const found = measured.get(key) ?? (await evaluators[images].evaluate(graph));
          measured.set(key, found);
          return found;
        }),
      );
    },
    dispose: () => host.dispose(),
  };
}

/** @param policy its digest */
type Measure = (graph: LayerGraph, policy: string) => Promise<Evaluation>;
type Making = (reward: EnvironmentTask['reward'], measure: Measure) => EnvironmentTask;

async function makeTask(
  host: Host,
  task: Task,
  whole: LayerGraph,
  seed: number,
  weights: Weights,
): Promise<Making> {
  const backend = await host.get(TOKENS.backend);
  const dataset = await host.get(TOKENS.dataset);
  const { macs, parameters } = cost(whole);
  const baseline = { accuracy: 1, macs, parameters, bytes: 4 * parameters };
  const about = { original: whole, originalBytes: baseline.bytes, backend: backend.id };
  const { minimum = 0.1, round = 1, budget } = task;
  if (task.stage === 'prune') {
    const { groups } = channelGroups(whole);
    const pruner = await host.get(TOKENS.pruner, weights);
    await pruner.prepare({ graph: whole, groups, dataset, backend, seed });
    const limits = (['macs', 'parameters'] as const).flatMap((name) =>
      budget[name] === undefined ? [] : [costLimit(name, budget[name]).prune({ ...about, name })],
    );
    return (reward, measure) => ({
      stage: 'prune',
      graph: whole,
      groups,
      pruners: [pruner],
      limits,
      reward,
      baseline,
      minimum,
      multiple: round,
      evaluate: (graph, candidate) => measure(graph, policyDigest(candidate!.policy)),
    });
  }
  const graph = withHalfPrecision(whole);
  const layers = layersWithKernels(graph).map(({ name }) => name);
  const quantizer = await host.get(TOKENS.quantizer);
  const calibration = await prepareCalibration({ graph, layers, quantizer, dataset, backend, seed });
  const { quantizer: calibrated, correct, errors } = calibration!;
  const bytesAt = (bits: number) => {
    const policy = Object.fromEntries(layers.map((layer) => [layer, bits]));
    return packModel(graph, encodeGraph(calibrated, graph, policy)).length;
  };
  const [low, high] = [Math.floor(budget.bits!), Math.ceil(budget.bits!)];
  const bytes = Math.floor((bytesAt(low) + bytesAt(high)) / 2);
  return (reward, measure) => ({
    stage: 'quantize',
    graph,
    layers,
    quantizer: calibrated,
    errors,
    reward,
    baseline,
    bits: [2, 8],
    limits: [createBytesLimit(bytes).quantize({ ...about, name: 'bytes' })],
    discrete: false,
    evaluate: (candidate, given) => measure(correct(candidate), policyDigest(given!.policy)),
  });
}

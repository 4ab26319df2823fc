/**
 * What a candidate of a search costs with second moments, in the time of one without: stage 1 with channels
 * ranked by reconstruction and refit against l2 and the same refit, and l2 with no refit; stage 2 with cached
 * calibrated codes and corrected means against rounding to nearest. The example network on the node backend,
 * 1,000 images. All take turns within one run; the figure is the median of the rounds' ratios.
 *
 *   MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 \
 *     node --conditions=tersor/source --import tsx bench/search/candidate.ts [rounds]
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import {
  costLimit,
  createBitWidthEnvironment,
  createBytesLimit,
  createPruningEnvironment,
  layersWithKernels,
  prepareCalibration,
  withHalfPrecision,
} from '@tersor/compression';
import {
  createHost,
  describeMachine,
  TOKENS,
  type Backend,
  type Dataset,
  type Environment,
  type LayerGraph,
} from '@tersor/core';
import { accuracyOf, channelGroups, cost, readNetwork } from '@tersor/network';
import channelPlugin, { ChannelPruner } from '../../plugins/pruner-channel/src/index.js';
import { LinearQuantizer } from '../../plugins/quantizer-linear/src/index.js';
import { median } from '../median.js';

const root = join(__dirname, '../..');
const IMAGES = 1000;
const AIM = 1.3;

interface Setting {
  readonly graph: LayerGraph;
  readonly dataset: Dataset;
  readonly backend: Backend;
  readonly evaluate: (candidate: LayerGraph) => Promise<{ readonly accuracy: number }>;
}

/** Seconds of one episode that carries a heuristic out in a new environment, which remembers nothing. */
async function secondsOf(make: () => Environment, heuristic: string): Promise<number> {
  const environment = make();
  const actions = await environment.heuristics![heuristic]!();
  await environment.reset(1);
  const start = performance.now();
  for (const action of actions) await environment.step(action);
  return (performance.now() - start) / 1000;
}

const reward = { id: 'accuracy', evaluate: ({ accuracy }: { accuracy: number }) => accuracy };

async function pruning({ graph, dataset, backend, evaluate }: Setting, options: Record<string, unknown>) {
  const { groups } = channelGroups(graph);
  const pruner = new ChannelPruner(channelPlugin.options.parse(options));
  await pruner.prepare({ graph, groups, dataset, backend, seed: 1 });
  const { macs, parameters } = cost(graph);
  return () =>
    createPruningEnvironment({
      stage: 'prune',
      graph,
      groups,
      pruners: [pruner],
      reward,
      evaluate,
      baseline: { accuracy: 1, macs, parameters, bytes: 4 * parameters },
      limits: [
        costLimit('macs', 0.5).prune({ name: 'macs', original: graph, originalBytes: 0, backend: 'node' }),
      ],
      minimum: 0.1,
      multiple: 1,
    });
}

async function quantizing({ graph: whole, dataset, backend, evaluate }: Setting, isCalibrated: boolean) {
  const graph = withHalfPrecision(whole);
  const layers = layersWithKernels(graph).map(({ name }) => name);
  const quantizer = new LinearQuantizer({
    scheme: 'symmetric',
    granularity: 'channel',
    scale: 'mse',
    ...(isCalibrated && { calibrate: { images: 300, points: 24, maximumInputs: 512 } }),
  });
  const calibration = await prepareCalibration({ graph, layers, quantizer, dataset, backend, seed: 1 });
  const { macs, parameters } = cost(graph);
  // One environment: codes are cached from the second episode on, in which the bits are others.
  return () =>
    createBitWidthEnvironment({
      stage: 'quantize',
      graph,
      layers,
      quantizer: calibration?.quantizer ?? quantizer,
      reward,
      evaluate: (candidate) => evaluate(calibration ? calibration.correct(candidate) : candidate),
      baseline: { accuracy: 1, macs, parameters, bytes: 4 * parameters },
      limits: [
        createBytesLimit(0.1).quantize({
          name: 'bytes',
          original: graph,
          originalBytes: 4 * parameters,
          backend: 'node',
        }),
      ],
      bits: [2, 8],
      discrete: false,
    });
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 7);
  const host = await createHost({
    slots: [
      { kind: 'backend', name: '', path: 'backend', use: 'node', options: {} },
      {
        kind: 'dataset',
        name: '',
        path: 'dataset',
        use: 'cifar10',
        options: { dir: join(root, 'examples/data/cifar-10-mini'), validation: IMAGES },
      },
    ],
    directory: root,
    seed: 1,
    searchFrom: [join(root, 'packages/cli')],
  });
  const backend = await host.get(TOKENS.backend);
  const dataset = await host.get(TOKENS.dataset);
  await backend.activate();
  const graph = await readNetwork(join(root, 'examples/vgg-small/model/model.json'));
  const { images, labels } = await dataset.read(
    'validation',
    Array.from({ length: IMAGES }, (_, i) => i),
  );
  const evaluate = async (candidate: LayerGraph) => {
    const session = await backend.compile(candidate);
    try {
      return { accuracy: accuracyOf(await session.run(images), labels) };
    } finally {
      session.dispose();
    }
  };
  const setting = { graph, dataset, backend, evaluate };
  const cases = [
    {
      name: 'channels by reconstruction, refit',
      against: 'channels by l2, refit',
      ours: await pruning(setting, { criterion: 'reconstruction' }),
      theirs: await pruning(setting, { criterion: 'l2' }),
    },
    {
      name: 'channels by reconstruction, refit',
      against: 'channels by l2, no refit',
      ours: await pruning(setting, { criterion: 'reconstruction' }),
      theirs: await pruning(setting, { criterion: 'l2', reconstruct: 'none' }),
    },
    {
      name: 'cached calibrated codes, means corrected',
      against: 'nearest codes',
      ours: await quantizing(setting, true),
      theirs: await quantizing(setting, false),
    },
  ];
  const times = cases.map(() => ({ ours: [] as number[], theirs: [] as number[] }));
  // The first round warms up: codes are cached from the second on.
  for (let round = 0; round <= rounds; round++)
    for (const [i, { ours, theirs }] of cases.entries()) {
      const pair = {
        theirs: await secondsOf(theirs, 'uniform'),
        ours: await secondsOf(ours, 'uniform'),
      };
      if (round === 0) continue;
      times[i]!.ours.push(pair.ours);
      times[i]!.theirs.push(pair.theirs);
    }
  const results = cases.map(({ name, against }, i) => {
    const ratios = times[i]!.ours.map((ours, round) => ours / times[i]!.theirs[round]!);
    return {
      name,
      against,
      aim: AIM,
      ratio: median(ratios),
      lowest: Math.min(...ratios),
      highest: Math.max(...ratios),
      seconds: median(times[i]!.ours),
    };
  });
  for (const { name, against, ratio, lowest, highest } of results)
    console.log(`${name}: ${ratio.toFixed(2)} of ${against} (${lowest.toFixed(2)} to ${highest.toFixed(2)})`);
  const record = {
    machine: describeMachine(),
    processor: cpus()[0]!.model,
    load: loadavg()[0],
    node: process.version,
    images: IMAGES,
    rounds,
    results,
  };
  writeFileSync(join(__dirname, 'results/candidate.json'), `${JSON.stringify(record, undefined, 1)}\n`);
  await host.dispose();
}

void main();

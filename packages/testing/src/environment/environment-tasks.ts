import type { LayerGraph, PruneTask, QuantizeTask } from '@tersor/core';
import { correctLimit } from '../limit/limit-fakes.js';
import { correctPruner } from '../pruner/pruner-fakes.js';
import { pruneContext } from '../pruner/pruner-fixture.js';
import { correctQuantizer } from '../quantizer/quantizer-fakes.js';
import { referenceRun } from '../reference-run.js';
import { correctReward } from '../reward/reward-fakes.js';

const IMAGES = 12;
/** What limits are made for. */
const facts = { name: 'fake', originalBytes: 2e6, backend: 'cpu' };

/**
 * A real pruning task on the kit's small residual network; a candidate's accuracy is how often it agrees with
 * the clean network. Half of the parameters may stay.
 */
export async function pruneTask(): Promise<PruneTask> {
  const context = pruneContext();
  const pruner = correctPruner();
  await pruner.prepare(context);
  const { prune } = correctLimit();
  return {
    stage: 'prune',
    ...(await shared()),
    groups: context.groups,
    pruners: [pruner],
    limits: [await prune({ ...facts, original: context.graph })],
    minimum: 0.2,
    multiple: 1,
  };
}

/** A real quantization task on the same network: kernels at 2 to 8 bits. */
export async function quantizeTask(): Promise<QuantizeTask> {
  const given = await shared();
  return {
    stage: 'quantize',
    ...given,
    layers: ['stem', 'first', 'second', 'scores'],
    quantizer: correctQuantizer(),
    limits: [await correctLimit().quantize({ ...facts, original: given.graph })],
    bits: [2, 8],
    discrete: false,
  };
}

async function shared(): Promise<Pick<PruneTask, 'graph' | 'reward' | 'baseline' | 'evaluate'>> {
  const { graph, dataset } = pruneContext();
  const { images } = await dataset.read('validation', [...Array(IMAGES).keys()]);
  const values = images.length / IMAGES;
  const classes = (candidate: LayerGraph) =>
    Array.from({ length: IMAGES }, (_, i) => {
      const scores = referenceRun(candidate, images.subarray(i * values, (i + 1) * values));
      return scores.indexOf(Math.max(...scores));
    });
  const wanted = classes(graph);
  return {
    graph,
    reward: correctReward(),
    baseline: { accuracy: 1, macs: macs(graph), parameters: 1000, bytes: 4000 },
    evaluate: async (candidate) => ({
      accuracy: classes(candidate).filter((label, i) => label === wanted[i]).length / IMAGES,
    }),
  };
}

/** Multiply-adds of the fixture: its convolutions keep the image's size. */
function macs(graph: LayerGraph): number {
  return graph.layers.reduce((sum, { name, weights }) => {
    const kernel = weights.find((weight) => weight.name === 'kernel');
    const shape = graph.calls.find(({ layer }) => layer === name)?.outputShape ?? [];
    const positions = shape.length === 3 ? (shape[0] ?? 1) * (shape[1] ?? 1) : 1;
    return sum + (kernel ? kernel.data.length * positions : 0);
  }, 0);
}

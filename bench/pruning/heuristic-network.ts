// A network of several benches, opened on a backend, and what the heuristic `reconstruction` makes of it: no
// search, no reward.
import { join } from 'node:path';
import { costLimit, createPruningEnvironment } from '@tersor/compression';
import {
  createHost,
  selectorParts,
  TOKENS,
  type LayerGraph,
  type PruneLimit,
  type PrunePlan,
  type Pruner,
} from '@tersor/core';
import { channelGroups, cost, networkOutput, readNetwork } from '@tersor/network';
import { ROOT, type Measured } from './networks.js';

/** A network, its data and a backend, which is active then; `host` is to be disposed of at the end. */
export async function openNetwork({ model, dataset: selected }: Measured, backendName: string) {
  const host = await createHost({
    slots: [
      { kind: 'backend', name: '', path: 'backend', use: backendName, options: {} },
      { kind: 'dataset', name: '', path: 'dataset', ...selectorParts(selected) },
    ],
    directory: ROOT,
    seed: 1,
    searchFrom: [join(ROOT, 'packages/cli')],
  });
  const backend = await host.get(TOKENS.backend);
  const dataset = await host.get(TOKENS.dataset);
  await backend.activate();
  const graph = await readNetwork(model);
  const count = dataset.size('validation');
  const validation = await dataset.read('validation', [...Array(count).keys()]);
  /** What the last softmax is taken of, on all validation images. */
  const scoresOf = async (network: LayerGraph): Promise<Float32Array> => {
    const session = await backend.compile(networkOutput(network).graph);
    try {
      return (await session.run(validation.images)).slice();
    } finally {
      session.dispose();
    }
  };
  return { host, backend, dataset, graph, groups: channelGroups(graph).groups, validation, scoresOf };
}

interface Bounds {
  readonly minimum: number;
  readonly multiple: number;
}

/** A network that is measured at budgets, one evaluation each, with the channel pruner. */
export interface BudgetedNetwork extends Measured, Bounds {
  readonly budgets: readonly Record<string, number>[];
  /** Options of the channel pruner. */
  readonly pruner: Record<string, unknown>;
}

/** The network and the plan that a heuristic gives with a prepared pruner. */
export async function prunedTo(
  budget: Readonly<Record<string, number>>,
  { minimum, multiple }: Bounds,
  graph: LayerGraph,
  pruner: Pruner,
  heuristic = 'reconstruction',
): Promise<{ smaller: LayerGraph; plan: PrunePlan }> {
  const whole = cost(graph);
  const limits = Object.entries(budget).map(
    ([limit, value]): PruneLimit =>
      costLimit(limit as 'macs' | 'parameters', value).prune({
        name: limit,
        original: graph,
        originalBytes: 4 * whole.parameters,
        backend: 'node',
      }),
  );
  let found: { smaller: LayerGraph; plan: PrunePlan } | undefined;
  const environment = createPruningEnvironment({
    stage: 'prune',
    graph,
    groups: channelGroups(graph).groups,
    pruners: [pruner],
    reward: { id: 'accuracy', evaluate: ({ accuracy }) => accuracy },
    evaluate: async (smaller, candidate) => {
      found = { smaller, plan: candidate!.policy as PrunePlan };
      return { accuracy: 0 };
    },
    baseline: { accuracy: 1, ...whole, bytes: 4 * whole.parameters },
    limits,
    minimum,
    multiple,
  });
  const actions = await environment.heuristics![heuristic]!();
  await environment.reset(1);
  for (const action of actions) await environment.step(action);
  return found!;
}

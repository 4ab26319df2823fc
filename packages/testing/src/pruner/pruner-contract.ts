import type { ChannelGroup, LayerGraph, PruneContext, PrunePlan, Pruner } from '@tersor/core';
import { requireRefusal, requireRule, requireSame } from '../contract-failure.js';
import type { Case } from '../contract.js';
import {
  allocationQuestion,
  keptParameters,
  requireAnswers,
  TIGHTNESS,
} from '../environment/heuristic-questions.js';
import {
  foreign,
  largestDifference,
  parameters,
  renamed,
  requireRemovedLayers,
  requireZeroSlices,
  shapesOf,
  weightOf,
} from './pruned-network.js';
import { pruneContext } from './pruner-fixture.js';
import { referenceRun } from '../reference-run.js';

/**
 * Shares that are planned: kept channels, or kept slices. Of blocks all go that can, unless the share is 1.
 */
const SHARES = [0.3, 0.5, 0.8];

/**
 * The promises of a `Pruner`, checked on a small residual network. `make` gives a new one, made the same way
 * each time. A pruner that computes with tfjs needs a backend: activate one first.
 *
 * @example
 * describeContract('my pruner', prunerContract(() => new MyPruner()));
 */
export function prunerContract(make: () => Pruner): Case[] {
  let ready: Promise<{ pruner: Pruner; context: PruneContext }> | undefined;
  // Preparing may train something, so it is done once for all cases.
  const prepared = () => (ready ??= prepare(make));
  const each = async (
    check: (given: {
      pruner: Pruner;
      context: PruneContext;
      plan: PrunePlan;
      share: number;
      pruned: LayerGraph;
    }) => void,
  ) => {
    const { pruner, context } = await prepared();
    for (const share of SHARES) {
      const plan = planAll(pruner, context.groups, share);
      check({ pruner, context, plan, share, pruned: pruner.apply(context.graph, plan) });
    }
  };
  return [
    {
      name: 'plans are plain JSON that names the pruner and the group',
      run: () =>
        each(({ pruner, context, plan }) => {
          requireSame(
            JSON.parse(JSON.stringify(plan)),
            plan,
            'plan',
            'plain JSON, which comes back as it was',
          );
          plan.forEach((step, i) =>
            requireSame(
              [step.pruner, step.group],
              [pruner.id, context.groups[i]!.name],
              'plan',
              'pruner and group',
            ),
          );
        }),
    },
    {
      name: 'keeping everything is the identity',
      run: async () => {
        const { pruner, context } = await prepared();
        const same = pruner.apply(context.graph, planAll(pruner, context.groups, 1));
        const difference = largestDifference(await outputs(context.graph), await outputs(same));
        requireRule(difference < 1e-5, {
          member: 'apply',
          expected: 'the same outputs',
          found: `outputs that differ by ${difference}`,
        });
      },
    },
    {
      name: 'the pruned network runs and has the same output shape',
      run: () =>
        each(({ context, pruned }) => {
          requireSame(
            pruned.calls[pruned.outputs[0]!]!.outputShape,
            context.graph.calls[context.graph.outputs[0]!]!.outputShape,
            'apply',
            'output shape',
          );
          const values = referenceRun(pruned, new Float32Array(108).fill(0.5));
          requireRule(values.every(Number.isFinite), {
            member: 'apply',
            expected: 'a network with finite outputs',
            found: values.join(),
          });
        }),
    },
    {
      name: 'removes as much as was planned',
      run: () =>
        each(({ pruner, context, plan, share, pruned }) => {
          if (pruner.action === 'blocks') requireRemovedLayers(context.graph, pruned, plan);
          else if (pruner.action === 'channels') {
            plan.forEach((step, i) =>
              requireSame(
                step.keep?.length ?? context.groups[i]!.channels,
                keptCount(context.groups[i]!, share),
                'plan',
                `channels of group ${step.group}`,
              ),
            );
            requireSame(
              parameters(pruned),
              keptParameters(
                context.graph,
                context.groups,
                context.groups.map((group) => keptCount(group, share)),
              ),
              'apply',
              'parameters',
            );
          } else {
            requireZeroSlices(context.graph, pruned, context.groups, plan, share);
          }
        }),
    },
    {
      name: 'all members of a group agree',
      run: () =>
        each(({ pruner, context, share, pruned }) => {
          for (const group of context.groups) {
            const expected = pruner.action === 'channels' ? keptCount(group, share) : group.channels;
            for (const { layer, weight, axis } of group.members) {
              // A layer may go with its block, and then has nothing left to agree.
              if (pruner.action === 'blocks' && !pruned.layers.some(({ name }) => name === layer)) continue;
              requireSame(
                weightOf(pruned, layer, weight).shape[axis],
                expected,
                'apply',
                `axis ${axis} of ${layer}/${weight}`,
              );
            }
          }
        }),
    },
    {
      name: 'a replay of the plan on clean weights gives the same network',
      run: () =>
        each(({ pruner, context, plan, pruned }) => {
          const replayed = pruner.apply(context.graph, JSON.parse(JSON.stringify(plan)) as PrunePlan);
          requireSame(replayed, pruned, 'apply', 'the same network again');
        }),
    },
    {
      name: 'the given network is left as it is',
      run: async () => {
        const { pruner, context } = await prepared();
        pruner.apply(context.graph, planAll(pruner, context.groups, 0.5));
        requireSame(context.graph, pruneContext().graph, 'apply', 'the given network as it was');
      },
    },
    {
      name: 'adapting keeps the shapes, gives the same twice, and does nothing if nothing was removed',
      run: async () => {
        const { pruner, context } = await prepared();
        if (!pruner.adapt) return;
        for (const share of [...SHARES, 1]) {
          const plan = planAll(pruner, context.groups, share);
          const pruned = pruner.apply(context.graph, plan);
          await requireShapesKept('adapt', (graph) => pruner.adapt!(graph, plan), pruned, share === 1);
        }
      },
    },
    {
      name: 'finishing keeps the shapes, gives the same twice, and does nothing if nothing was removed',
      run: async () => {
        const { pruner, context } = await prepared();
        if (!pruner.finish) return;
        for (const share of [...SHARES, 1]) {
          const plan = planAll(pruner, context.groups, share);
          const pruned = pruner.apply(context.graph, plan);
          const adapted = (await pruner.adapt?.(pruned, plan)) ?? pruned;
          await requireShapesKept('finish', (graph) => pruner.finish!(graph, plan), adapted, share === 1);
        }
      },
    },
    {
      name: 'the same seed gives the same plan',
      run: async () => {
        const [first, second] = [await prepared(), await prepare(make)];
        for (const share of SHARES)
          requireSame(
            planAll(second.pruner, second.context.groups, share),
            planAll(first.pruner, first.context.groups, share),
            'plan',
            'the same plan again',
          );
        second.pruner.dispose?.();
      },
    },
    {
      name: 'its heuristics give allowed counts that keep the budget, the same ones twice',
      run: async () => {
        const { pruner, context } = await prepared();
        for (const tightness of TIGHTNESS) {
          const question = allocationQuestion(context.graph, context.groups, tightness);
          await requireAnswers(
            pruner.heuristics ?? {},
            question,
            (i, count) => count >= question.smallest[i]! && count === question.nearest(i, count),
          );
        }
      },
    },
    {
      name: 'its errors of removal start with 0 and never fall, the same ones twice',
      run: async () => {
        const { pruner, context } = await prepared();
        if (!pruner.removalErrors) return;
        const curves = await pruner.removalErrors(context.groups);
        context.groups.forEach(({ name, channels }, i) => {
          const curve = curves[i];
          const isCurve =
            curve?.length === channels + 1 &&
            curve[0] === 0 &&
            curve.every((error, at) => Number.isFinite(error) && (at === 0 || error >= curve[at - 1]!));
          requireRule(isCurve, {
            member: 'removalErrors',
            expected: `${channels + 1} errors for group ${name}, from 0, never falling`,
            found: curve ? Array.from(curve).join(', ') : 'none',
          });
        });
        const again = await pruner.removalErrors(context.groups);
        const plain = (lists: readonly Float64Array[]) => lists.map((list) => Array.from(list));
        requireSame(plain(again), plain(curves), 'removalErrors', 'the same errors again');
      },
    },
    {
      name: 'a plan for another network is refused with PLAN_MISMATCH',
      run: async () => {
        const { pruner, context } = await prepared();
        const plan = planAll(pruner, context.groups, 0.5);
        const other = pruner.action === 'blocks' ? renamed(context.graph) : foreign(context.graph);
        await requireRefusal('apply', 'PLAN_MISMATCH', () => pruner.apply(other, plan));
      },
    },
  ];
}

/** What changes weights alone: of the same network always the same, and nothing where nothing went. */
async function requireShapesKept(
  member: 'adapt' | 'finish',
  change: (graph: LayerGraph) => Promise<LayerGraph>,
  pruned: LayerGraph,
  isWhole: boolean,
): Promise<void> {
  const before = JSON.stringify(pruned);
  const changed = await change(pruned);
  requireSame(JSON.stringify(pruned), before, member, 'the given network as it was');
  requireSame(shapesOf(changed), shapesOf(pruned), member, 'the same shapes');
  requireSame(await change(pruned), changed, member, 'the same network again');
  if (isWhole) requireSame(changed, pruned, member, 'the network as it was, since nothing went');
}

async function prepare(make: () => Pruner): Promise<{ pruner: Pruner; context: PruneContext }> {
  const pruner = make();
  const context = pruneContext();
  await pruner.prepare(context);
  return { pruner, context };
}

function keptCount({ channels }: ChannelGroup, share: number): number {
  return Math.max(1, Math.round(share * channels));
}

function planAll(pruner: Pruner, groups: readonly ChannelGroup[], share: number): PrunePlan {
  return groups.map((group) =>
    pruner.plan(group, { channels: keptCount(group, share), slices: share, block: share === 1 }),
  );
}

async function outputs(graph: LayerGraph): Promise<number[]> {
  const { dataset } = pruneContext();
  const results: number[] = [];
  for (let i = 0; i < 4; i++) results.push(...referenceRun(graph, (await dataset.read('test', [i])).images));
  return results;
}

import type {
  BitNetwork,
  LayerGraph,
  Limit,
  LimitContext,
  LimitFactory,
  PruneChoices,
  PruneLimit,
  QuantizeLimit,
} from '@tersor/core';
import { requireRule, requireSame } from '../contract-failure.js';
import type { Case } from '../contract.js';
import { correctPruner } from '../pruner/pruner-fakes.js';
import { pruneContext } from '../pruner/pruner-fixture.js';

const BITS = [2, 4, 8, 32];

/**
 * The promises of a kind of limit (`LimitFactory`), checked on a small residual network. `make` gives a new
 * one, made the same way each time.
 *
 * @example
 * describeContract('my limit', limitContract(() => createLimit({ millijoules: 3 })));
 */
export function limitContract(make: () => LimitFactory): Case[] {
  const pruning = async (check: (limit: PruneLimit) => void | Promise<void>) => {
    const limit = await make().prune?.(limitContext());
    if (limit) await check(limit);
  };
  return [
    {
      name: 'is of at least one stage, and has its name and a limit above 0',
      run: async () => {
        const { prune, quantize } = make();
        requireRule(prune !== undefined || quantize !== undefined, {
          member: 'prune, quantize',
          expected: 'a function that makes the limit of a stage',
          found: 'neither',
        });
        for (const { name, limit } of await limitsOf(make())) {
          requireSame(name, limitContext().name, 'name', 'the name that the config gives it');
          requireRule(Number.isFinite(limit) && limit > 0, {
            member: 'limit',
            expected: 'a number above 0',
            found: String(limit),
          });
        }
      },
    },
    {
      name: 'says a figure in words that hold the number',
      run: async () => {
        for (const { limit, format } of await limitsOf(make())) {
          const text = format(limit, Math.ceil);
          requireRule(typeof text === 'string' && /\d/.test(text), {
            member: 'format',
            expected: 'text with the number, for instance 12.5 ms',
            found: String(text),
          });
        }
      },
    },
    {
      name: 'gives the same value for the same network, and no more for a smaller one',
      run: () =>
        pruning(async ({ of }) => {
          const { graph, groups } = pruneContext();
          let last = Infinity;
          for (const keep of [groups.map(({ channels }) => channels), [4, 5], [4, 3], [1, 1]]) {
            const network = await made(graph, keep);
            const used = of(network);
            requireSame(of(network), used, 'of', 'the same figure again');
            requireRule(used >= 0 && used <= last, {
              member: 'of',
              expected: `0 to ${last} for ${keep.join(' and ')} channels`,
              found: String(used),
            });
            last = used;
          }
        }),
    },
    {
      name: 'promises at least what the resulting network uses',
      run: () =>
        pruning(async ({ of, promise }) => {
          const { graph, groups } = pruneContext();
          const promised = promise(graph, groups);
          for (const keep of [
            [6, 5],
            [6, 2],
            [3, 5],
            [1, 1],
          ]) {
            const used = of(await made(graph, keep));
            // Sums of fractions may differ in the last digits.
            requireRule(promised(channels(keep)) >= used * (1 - 1e-6), {
              member: 'promise',
              expected: `${used} at least for ${keep.join(' and ')} channels`,
              found: String(promised(channels(keep))),
            });
          }
        }),
    },
    {
      name: 'promises no less for more channels',
      run: () =>
        pruning(({ promise }) => {
          const { graph, groups } = pruneContext();
          const promised = promise(graph, groups);
          for (let first = 1; first < 6; first++) {
            const [fewer, more] = [promised(channels([first, 3])), promised(channels([first + 1, 3]))];
            requireRule(more >= fewer, {
              member: 'promise',
              expected: `${fewer} at least for ${first + 1} channels instead of ${first}`,
              found: String(more),
            });
          }
        }),
    },
    {
      name: 'adds up what layers use at their bits, the same each time',
      run: async () => {
        const limit = await make().quantize?.(limitContext());
        if (!limit) return;
        const network = bitNetwork();
        const { fixed, part } = limit.prepare(network);
        requireRule(Number.isFinite(fixed) && fixed >= 0, {
          member: 'prepare',
          expected: 'fixed, a number, 0 or more',
          found: String(fixed),
        });
        for (const layer of network.layers.keys())
          for (const weights of BITS) {
            const bits = { weights, activations: 8 };
            const used = part(layer, bits);
            requireRule(Number.isFinite(used) && used >= 0, {
              member: 'prepare',
              expected: `a part of 0 or more for layer ${layer} at ${weights} bits`,
              found: String(used),
            });
            requireSame(part(layer, bits), used, 'prepare', 'the same part again');
          }
      },
    },
  ];
}

function limitContext(): LimitContext {
  return { name: 'mine', original: pruneContext().graph, originalBytes: 10_000, backend: 'cpu' };
}

async function limitsOf({ prune, quantize }: LimitFactory): Promise<Limit[]> {
  const limits: (PruneLimit | QuantizeLimit | undefined)[] = [
    await prune?.(limitContext()),
    await quantize?.(limitContext()),
  ];
  return limits.filter((limit) => limit !== undefined);
}

function channels(keep: readonly number[]): PruneChoices {
  return { keep, slices: keep.map(() => 1), removed: undefined };
}

/** The network with the first channels of each group. */
async function made(graph: LayerGraph, keep: readonly number[]): Promise<LayerGraph> {
  const { groups, ...context } = pruneContext();
  const pruner = correctPruner();
  await pruner.prepare({ groups, ...context });
  return pruner.apply(
    graph,
    groups.map((group, i) => pruner.plan(group, { channels: keep[i]! })),
  );
}

function bitNetwork(): BitNetwork {
  const { graph } = pruneContext();
  const layers = graph.layers.filter(({ weights }) => weights.some(({ name }) => name === 'kernel'));
  const bytes = (layer: number, bits: number) =>
    Math.ceil((layers[layer]!.weights[0]!.data.length * bits) / 8);
  return {
    graph,
    layers,
    smallest: { weights: 2, activations: 32 },
    bytes,
    fileBytes: (bits) => 500 + bits.reduce((sum, { weights }, i) => sum + bytes(i, weights), 0),
  };
}

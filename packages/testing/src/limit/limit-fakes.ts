import type { ChannelGroup, LayerGraph, LimitFactory, PruneLimit, QuantizeLimit } from '@tersor/core';
import { keptParameters } from '../environment/heuristic-questions.js';

/** A limit that keeps every promise: parameters in stage 1, bytes of the codes in stage 2. */
export function correctLimit(): LimitFactory & Required<Pick<LimitFactory, 'prune' | 'quantize'>> {
  return {
    id: 'fake',
    prune: ({ name, original }): PruneLimit => ({
      name,
      limit: 0.5 * parametersOf(original),
      of: parametersOf,
      promise: (graph, groups) => (choices) => keptParameters(graph, groups, choices.keep),
      format: (value, round) => `${round(value)} parameters`,
    }),
    quantize: ({ name, originalBytes }): QuantizeLimit => ({
      name,
      limit: originalBytes / 2,
      prepare: ({ bytes }) => ({ fixed: 100, part: (layer, { weights }) => bytes(layer, weights) }),
      format: (value, round) => `${round(value)} bytes`,
    }),
  };
}

/** Limits that break one promise each, by the name of the case that must catch them. */
export function brokenLimits(): Readonly<Record<string, () => LimitFactory>> {
  const inPruning = (change: (good: PruneLimit) => Partial<PruneLimit>) => (): LimitFactory => {
    const factory = correctLimit();
    return {
      id: 'fake',
      prune: async (context) => {
        const good = await factory.prune(context);
        return { ...good, ...change(good) };
      },
    };
  };
  let asked = 0;
  return {
    'is of at least one stage, and has its name and a limit above 0': () => ({ id: 'fake' }),
    'says a figure in words that hold the number': inPruning(() => ({ format: () => 'a lot' })),
    'gives the same value for the same network, and no more for a smaller one': inPruning((good) => ({
      of: (network) => 1e6 - good.of(network),
    })),
    'promises at least what the resulting network uses': inPruning((good) => ({
      promise: (graph, groups) => {
        const promised = good.promise(graph, groups);
        return (choices) => promised(choices) - 1;
      },
    })),
    'promises no less for more channels': inPruning(() => ({
      promise:
        (_graph: LayerGraph, groups: readonly ChannelGroup[]) =>
        ({ keep }) =>
          1e6 - keep[0]! - groups.length,
    })),
    'adds up what layers use at their bits, the same each time': () => ({
      id: 'fake',
      quantize: async (context) => {
        const good = await correctLimit().quantize(context);
        return {
          ...good,
          prepare: (network) => ({
            fixed: 0,
            part: (layer, bits) => good.prepare(network).part(layer, bits) + asked++,
          }),
        };
      },
    }),
  };
}

function parametersOf(graph: LayerGraph): number {
  return graph.layers.reduce(
    (sum, { weights }) => sum + weights.reduce((values, { data }) => values + data.length, 0),
    0,
  );
}

import type { Limit, LimitFactory, PruneLimit, QuantizeLimit } from '../contracts/limit.js';
import { misbehaved, type Culprit } from './culprit.js';
import { guarded, requireMethods } from './guarded.js';
import { isRecord } from '../is-record.js';

/** A limit that keeps to its contract: above 0, of a stage that it has, with figures that are numbers. */
export function guardLimitFactory(culprit: Culprit, factory: LimitFactory): LimitFactory {
  if (typeof factory.prune !== 'function' && typeof factory.quantize !== 'function')
    throw misbehaved(culprit, 'create', 'a limit with prune or quantize, functions that make it', factory);
  return guarded(culprit, factory, {
    later: {
      prune: (made) => guardPruneLimit(culprit, made),
      quantize: (made) => guardQuantizeLimit(culprit, made),
    },
  });
}

function guardPruneLimit(culprit: Culprit, made: unknown): PruneLimit {
  requireLimit(culprit, 'prune', made, ['of', 'promise', 'format']);
  return guarded(culprit, made as PruneLimit, {
    now: {
      of: (used) => figure(culprit, 'of', used),
      format: (text) => words(culprit, text),
      promise: (used) => {
        if (typeof used !== 'function')
          throw misbehaved(culprit, 'promise', 'a function of what is chosen for the groups', used);
        const promised = used as ReturnType<PruneLimit['promise']>;
        return (choices) => figure(culprit, 'promise', promised(choices));
      },
    },
  });
}

function guardQuantizeLimit(culprit: Culprit, made: unknown): QuantizeLimit {
  requireLimit(culprit, 'quantize', made, ['prepare', 'format']);
  return guarded(culprit, made as QuantizeLimit, {
    now: {
      format: (text) => words(culprit, text),
      prepare: (value) => {
        const { fixed, part } = (isRecord(value) ? value : {}) as Partial<
          ReturnType<QuantizeLimit['prepare']>
        >;
        if (typeof part !== 'function') throw misbehaved(culprit, 'prepare', '{ fixed, part }', value);
        return {
          fixed: figure(culprit, 'fixed of prepare', fixed),
          part: (layer, bits) => figure(culprit, 'part of prepare', part(layer, bits)),
        };
      },
      estimate: (value) => {
        const { certain, about } = (isRecord(value) ? value : {}) as Record<string, unknown>;
        return {
          certain: figure(culprit, 'certain of estimate', certain),
          about: figure(culprit, 'about of estimate', about),
        };
      },
    },
  });
}

function requireLimit(
  culprit: Culprit,
  member: string,
  made: unknown,
  methods: readonly string[],
): asserts made is Limit {
  requireMethods(culprit, member, made, methods);
  const { name, limit } = made as Partial<Limit>;
  if (typeof name !== 'string')
    throw misbehaved(culprit, `name of ${member}`, 'the name that it was given', name);
  if (typeof limit !== 'number' || !(limit > 0))
    throw misbehaved(culprit, `limit of ${member}`, 'a number above 0', limit);
}

function figure(culprit: Culprit, member: string, value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0))
    throw misbehaved(culprit, member, 'a number, 0 or more', value);
  return value;
}

function words(culprit: Culprit, value: unknown): string {
  if (typeof value !== 'string') throw misbehaved(culprit, 'format', 'text', value);
  return value;
}

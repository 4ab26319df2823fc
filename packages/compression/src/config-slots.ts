import {
  selectorParts,
  type CompressConfig,
  type PluginKind,
  type Selector,
  type Slot,
  type TrainConfig,
} from '@tersor/core';

/** Names of the slots that the pipeline asks the host for. */
export const SLOTS = {
  prune: 'prune',
  quantize: 'quantize',
  evaluate: 'evaluate',
  train: 'train',
  pruner: (index: number) => `pruner-${index}`,
  /** `path` is where the limit stands in the config. */
  limit: (path: string) => path,
} as const;

/** The plugins that a config names, with their places: what `createHost` wires. */
export function slotsOfCompression(config: CompressConfig): Slot[] {
  const slots = [slot('dataset', '', 'dataset', config.dataset), ...backendSlots(config.backend)];
  const { prune, quantize } = config;
  if (prune) {
    const pruners = prunerSelectors(prune.pruner);
    slots.push(
      slot('agent', SLOTS.prune, 'prune.agent', prune.agent),
      slot('environment', SLOTS.prune, 'prune.environment', prune.environment ?? 'pruning'),
      slot('reward', SLOTS.prune, 'prune.reward', prune.reward),
      ...pruners.map((selector, i) =>
        slot('pruner', SLOTS.pruner(i), pruners.length > 1 ? `prune.pruner.${i}` : 'prune.pruner', selector),
      ),
      ...limitSlots('prune', prune),
    );
  }
  if (quantize) {
    slots.push(
      slot('agent', SLOTS.quantize, 'quantize.agent', quantize.agent),
      slot('environment', SLOTS.quantize, 'quantize.environment', quantize.environment ?? 'bit-width'),
      slot('reward', SLOTS.quantize, 'quantize.reward', quantize.reward),
      slot('quantizer', SLOTS.quantize, 'quantize.quantizer', quantize.quantizer),
      ...limitSlots('quantize', quantize),
    );
  }
  return slots;
}

/** Those of them that carry a policy out: all but what a search takes. */
export function slotsOfApplying(config: CompressConfig): Slot[] {
  const searching: readonly PluginKind[] = ['agent', 'environment', 'reward'];
  return slotsOfCompression(config).filter(({ kind }) => !searching.includes(kind));
}

/** The plugins that a training config names. */
export function slotsOfTraining(config: TrainConfig): Slot[] {
  return [slot('dataset', '', 'dataset', config.dataset), ...backendSlots(config.backend)];
}

/** Budgets of a stage, one per round, and where they stand in the config. */
export function budgetPaths(
  stage: 'prune' | 'quantize',
  { stages = [], budget }: { readonly stages?: readonly object[] | undefined; readonly budget: object },
): { readonly path: string; readonly budget: object }[] {
  return [
    ...stages.map((each, i) => ({ path: `${stage}.stages.${i}`, budget: each })),
    { path: `${stage}.budget`, budget },
  ];
}

/** Limits: `macs: 0.5` and `latency: { table, share }` are the plugins of that name, `{ use }` is any. */
function limitSlots(stage: 'prune' | 'quantize', config: Parameters<typeof budgetPaths>[1]): Slot<'limit'>[] {
  return budgetPaths(stage, config).flatMap(({ path, budget }) =>
    Object.entries(budget).map(([name, given]: [string, unknown]) => {
      const options = typeof given === 'object' && given !== null ? given : { value: given };
      const at = `${path}.${name}`;
      return slot('limit', SLOTS.limit(at), at, { use: name, ...options });
    }),
  );
}

/** `backend: wasm` fills both roles, training and evaluation; `{ train, evaluate }` fills them apart. */
export function backendSlots(backend: CompressConfig['backend']): Slot[] {
  if (typeof backend === 'object' && 'train' in backend && 'evaluate' in backend) {
    return [
      slot('backend', SLOTS.train, 'backend.train', backend.train as Selector),
      slot('backend', SLOTS.evaluate, 'backend.evaluate', backend.evaluate as Selector),
    ];
  }
  return [slot('backend', SLOTS.train, 'backend', backend as Selector)];
}

/** One pruner or several, as a list. */
export function prunerSelectors(pruner: NonNullable<CompressConfig['prune']>['pruner']): Selector[] {
  return Array.isArray(pruner) ? pruner : [pruner];
}

function slot<K extends PluginKind>(kind: K, name: string, path: string, selector: Selector): Slot<K> {
  return { kind, name, path, ...selectorParts(selector) };
}

import {
  isTersorError,
  selectorParts,
  TersorError,
  TOKENS,
  type AgentTask,
  type CompressConfig,
  type Host,
  type Space,
} from '@tersor/core';
import { builtinPlugins, RESIDUAL } from '../builtin-plugins.js';
import { prunerSelectors, SLOTS } from '../config-slots.js';
import { createBitActions } from '../environments/bit-actions.js';
import { residualBitActions } from '../environments/residual-bits-environment.js';
import { referenceName, type ResidualOptions } from '../environments/residual-reference.js';
import { offeredHeuristics, requireWarmStart } from './require-heuristics.js';

const STAGES = ['prune', 'quantize'] as const;
/** Activations that are not rounded are no choice. */
const NO_CHOICE = [32, 32] as const;
const STEPS = 8;
/** The environment `residual` knows its steps. */
const KNOWN: Pick<AgentTask, 'features' | 'guess' | 'observationsOf'> = {
  features: Array.from({ length: STEPS }, () => [0]),
  guess: () => 0,
  observationsOf: () => [],
};

/**
 * Makes each stage's agent once for the kind of actions that the stage will ask for, and disposes of it: what
 * it cannot handle, and heuristics that nobody offers, are said before models are measured and pruners
 * prepared, for both stages. The actions and heuristics of an environment that is not ours are known only
 * when it is made: such a stage says it then. Throws `SPACE_UNSUPPORTED`, `CONFIG_INVALID` and
 * `PLUGIN_DUPLICATE`.
 */
export async function requireAgents(config: CompressConfig, host: Host): Promise<void> {
  for (const stage of STAGES) {
    const environment = host.wired.find(({ kind, slot }) => kind === 'environment' && slot === stage);
    const isOurs = builtinPlugins.some(
      ({ name, id }) => name === environment?.source && id === environment.id,
    );
    const isResidual = environment?.id === RESIDUAL;
    const actionSpace = isOurs ? await actionSpaceOf(config, stage, host, isResidual) : undefined;
    if (!actionSpace) continue;
    const heuristics = await offeredHeuristics(config, stage, host);
    requireWarmStart(stage, config[stage]!.search.warmStart ?? [], heuristics);
    if (isResidual)
      referenceName(selectorParts(config[stage]!.environment!).options as ResidualOptions, heuristics, stage);
    const createAgent = await host.get(TOKENS.agent, stage);
    try {
      createAgent({ ...probeTask(actionSpace, heuristics, config), ...(isResidual && KNOWN) }).dispose();
    } catch (cause) {
      // Whatever else an agent says of a task that is only a probe, the search's own task will show.
      if (!isTersorError(cause)) continue;
      if (cause.code !== 'SPACE_UNSUPPORTED' && cause.code !== 'CONFIG_INVALID') continue;
      const hint = cause.hint ?? 'Choose another agent, for instance "ppo", which takes both kinds.';
      throw new TersorError(cause.code, `${stage}.agent: ${cause.message}`, { cause, hint });
    }
  }
}

/** The actions that our environment of a stage asks for. */
async function actionSpaceOf(
  { prune, quantize }: CompressConfig,
  stage: (typeof STAGES)[number],
  host: Host,
  isResidual: boolean,
): Promise<Space | undefined> {
  if (stage === 'prune') {
    if (!prune) return undefined;
    const low: number[] = [];
    for (const index of prunerSelectors(prune.pruner).keys()) {
      const { action } = await host.get(TOKENS.pruner, SLOTS.pruner(index));
      low.push(isResidual ? -1 : action === 'blocks' ? 0 : prune.minimum);
    }
    return { type: 'box', low, high: low.map(() => 1) };
  }
  if (!quantize) return undefined;
  const { bits } = await host.get(TOKENS.quantizer, SLOTS.quantize);
  const bitRange = [Math.max(quantize.bits[0], bits[0]), Math.min(quantize.bits[1], bits[1])] as const;
  const activations = quantize.activations?.bits ?? NO_CHOICE;
  const discrete = quantize.actions === 'discrete';
  return isResidual
    ? residualBitActions(activations, discrete).space
    : createBitActions(bitRange, activations, discrete).space;
}

/** A task of the right actions; what is observed, and how long an episode is, does not matter yet. */
function probeTask(actionSpace: Space, heuristics: readonly string[], { seed }: CompressConfig): AgentTask {
  const none = async () => [];
  const observationSpace = {
    type: 'box',
    low: Array<number>(10).fill(0),
    high: Array<number>(10).fill(1),
  } as const;
  return {
    observationSpace,
    actionSpace,
    maxSteps: STEPS,
    episodes: 20,
    seed,
    heuristics: Object.fromEntries(heuristics.map((name) => [name, none])),
  };
}

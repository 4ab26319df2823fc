import {
  createHost,
  TOKENS,
  type Action,
  type Environment,
  type EnvironmentTask,
  type StepResult,
} from '@tersor/core';
import { ensureKernels, openModel } from '@tersor/network';
import { builtinPlugins } from '../../builtin-plugins.js';
import { slotsOfCompression } from '../../config-slots.js';
import { openBackends } from '../../open-backend.js';
import { makePruneLimits, makeQuantizeLimits } from '../../limits/make-limits.js';
import type { PipelineContext } from '../../stages/pipeline-context.js';
import { pruneStage } from '../../stages/prune-stage.js';
import { quantizeStage } from '../../stages/quantize-stage.js';
import type { Evaluator } from '../../training/evaluator.js';
import { createRacing, type Racing, type RacingState } from '../racing.js';
import { searchEvaluators } from '../search-images.js';
import type { StepAnswer, StepRequest, WorkerSetup } from './messages.js';

/** Walks episodes of one search, away from its agent. */
export interface EpisodeServer {
  step(request: StepRequest): Promise<StepAnswer>;
  dispose(): Promise<void>;
}

/** What a stage hands over instead of searching. */
interface Served {
  readonly environment: Environment;
  readonly racing: Racing;
  readonly evaluator: Evaluator;
}

/** Ends a stage where its search would begin. */
class ServingInstead extends Error {}

/**
 * Makes a stage's environment as the stage itself makes it, with the same plugins, from the same config: what
 * it measures is what the process of the search would measure. Throws what the stage throws before its
 * search.
 */
export async function createEpisodeServer(setup: WorkerSetup): Promise<EpisodeServer> {
  const { config, directory, searchFrom, threads } = setup;
  const host = await createHost({
    slots: slotsOfCompression(config),
    directory,
    seed: config.seed,
    searchFrom,
    builtins: builtinPlugins,
    threads,
  });
  const notices: string[] = [];
  try {
    const context = await contextOf(setup, host, (text) => notices.push(text));
    const { environment, racing, evaluator } = await serve(context, setup);
    const { evaluateBackend } = context;
    const walk = createWalk(environment);
    return {
      step: async ({ seed, actions, best, measured }) => {
        const before = new Set(racing.state().keys());
        racing.begin(best, measured);
        for (const key of measured.keys()) before.add(key);
        const { evaluations } = evaluator;
        const step = await walk(seed, actions);
        const own: RacingState = new Map([...racing.state()].filter(([key]) => !before.has(key)));
        return {
          step,
          measured: own,
          unnamed: evaluator.evaluations - evaluations - own.size,
          notices: notices.splice(0),
          tensors: evaluateBackend.memory().tensors,
        };
      },
      dispose: async () => {
        environment.dispose?.();
        await host.dispose();
      },
    };
  } catch (error) {
    await host.dispose();
    throw error;
  }
}

/** Goes on with the episode that the last request was about, or walks the asked one from its start. */
function createWalk(environment: Environment) {
  let at: { readonly seed: number; readonly actions: readonly Action[] } | undefined;
  return async (
    seed: number,
    actions: readonly Action[],
  ): Promise<Pick<StepResult, 'observation'> | StepResult> => {
    const isNext =
      at?.seed === seed &&
      at.actions.length === actions.length - 1 &&
      JSON.stringify(at.actions) === JSON.stringify(actions.slice(0, -1));
    at = undefined;
    let result: Pick<StepResult, 'observation'> | StepResult | undefined;
    if (!isNext) result = await environment.reset(seed);
    for (const action of isNext ? actions.slice(-1) : actions) result = await environment.step(action);
    at = { seed, actions };
    return result!;
  };
}

async function contextOf(
  { config, directory, searchFrom, baseline, precision }: WorkerSetup,
  host: PipelineContext['host'],
  onNotice: (text: string) => void,
): Promise<Omit<PipelineContext, 'serve'>> {
  const { trainBackend, evaluateBackend } = await openBackends(host);
  await evaluateBackend.activate();
  if (precision) evaluateBackend.choice?.use(precision);
  const dataset = await host.get(TOKENS.dataset);
  await ensureKernels();
  const model = await openModel(config.model, { directory, searchFrom });
  const original = await model.read();
  const making = { original, originalBytes: await model.bytes(), backend: evaluateBackend.id };
  return {
    config,
    places: { directory, searchFrom },
    // Nothing is written here that would be checked against it.
    identity: { tersor: '', model: { topology: '' }, dataset: '', files: {}, plugins: {} },
    host,
    wired: host.wired,
    dataset,
    trainBackend,
    evaluateBackend,
    original,
    baseline,
    witnessImages: new Float32Array(),
    pruneLimits: config.prune ? await makePruneLimits(host, config.prune, making) : [],
    quantizeLimits: config.quantize ? await makeQuantizeLimits(host, config.quantize, making) : [],
    events: { onNotice },
    notices: [],
    saveProgress: async (update) => update?.(),
    searchEvaluators: searchEvaluators({
      evaluateBackend,
      dataset,
      seed: config.seed,
      onNotice,
      host,
      original,
    }),
    validationAccuracy: () => Promise.reject(new Error('A worker of a search measures candidates only.')),
  };
}

/** Lets the stage go as far as its search, which hands its environment over. */
async function serve(
  context: Omit<PipelineContext, 'serve'>,
  { config, stage, graph, state }: WorkerSetup,
): Promise<Served> {
  let served: Served | undefined;
  const serving: PipelineContext = {
    ...context,
    serve: async (stageConfig, makeTask: (evaluate: EnvironmentTask['evaluate']) => EnvironmentTask) => {
      const { search: evaluator } = await context.searchEvaluators(stage, stageConfig);
      const racing = createRacing(evaluator, stageConfig.racing);
      const createEnvironment = await context.host.get(TOKENS.environment, stage);
      await context.evaluateBackend.activate();
      served = { racing, evaluator, environment: await createEnvironment(makeTask(racing.evaluate)) };
      throw new ServingInstead();
    },
  };
  try {
    if (stage === 'prune') await pruneStage(serving, config.prune!, state);
    else await quantizeStage(serving, config.quantize!, state, graph);
  } catch (error) {
    if (!(error instanceof ServingInstead)) throw error;
  }
  return served!;
}

import {
  selectorParts,
  TersorError,
  TOKENS,
  type LayerGraph,
  type QuantizeConfig,
  type QuantizeTask,
} from '@tersor/core';
import { calibrateActivations, cost, copyWeights, joiningLayers, withWeights } from '@tersor/network';
import type { PipelineContext } from './pipeline-context.js';
import { createBestCalibrated, type BestCalibrated } from '../calibration/best-calibrated.js';
import type { CalibratedNetwork } from '../calibration/calibrate-winner.js';
import { prepareCalibration, type StageCalibration } from '../calibration/calibration.js';
import { SLOTS } from '../config-slots.js';
import { finetune } from './finetune.js';
import { refine } from './refine.js';
import { matchesAny } from '../checks/layer-patterns.js';
import { withHalfPrecision } from '../pack/half-precision.js';
import { packModel } from '../pack/pack-model.js';
import type { Policy } from '../results/pipeline-types.js';
import { requireBits } from '../policy/require-policy.js';
import { trainingFrom } from './quantized-training.js';
import {
  encodeGraph,
  layersWithKernels,
  withEncodedWeights,
  type BitPolicy,
} from '../policy/quantized-graph.js';
import type { FoundPolicy, StageState } from '../run/run-state.js';
import { searchPolicy } from '../search/search-policy.js';
import { quantizerBits } from '../checks/stage-bounds.js';
import { withPolicyActivations, type QuantizePolicy } from '../policy/quantize-policy.js';

export interface QuantizeResult extends FoundPolicy {
  /** The network that the packed file holds: decoded weights. */
  readonly graph: LayerGraph;
  /** The packed file. */
  readonly packed: Uint8Array;
  readonly bits: QuantizePolicy;
}

/**
 * Stage 2: searches bit widths (or takes those which are given), trains the network to live with them, and
 * packs it. `unquantized` is what stage 1 left.
 */
export async function quantizeStage(
  context: PipelineContext,
  config: QuantizeConfig,
  state: StageState,
  unquantized: LayerGraph,
): Promise<QuantizeResult> {
  const graph = withHalfPrecision(unquantized);
  const quantizer = await context.host.get(TOKENS.quantizer, SLOTS.quantize);
  const layers = layersWithKernels(graph)
    .map(({ name }) => name)
    .filter((name) => !matchesAny(name, config.exclude));
  const given = context.given && givenBits(context.given.policy);
  if (given) {
    context.events.onStage?.('quantize-apply');
    requireBits(given, { graph, quantizer, exclude: config.exclude });
    await context.evaluateBackend.activate();
  }
  const isCalibrated = state.calibrated !== undefined || state.graph !== undefined;
  const calibration = isCalibrated
    ? undefined
    : await calibrationOf(context, { graph, quantizer, layers: given ? Object.keys(given.weights) : layers });
  const limit = context.quantizeLimits.find(({ name }) => name === 'bytes')!.limit;
  const finish = async (bits: QuantizePolicy) => {
    context.events.onStage?.('quantize-calibrate');
    return calibration!.finish(bits, limit, (done, total) =>
      context.events.onProgress?.({ stage: 'quantize-calibrate', done, total, unit: 'layers' }),
    );
  };
  const confirmed = createBestCalibrated();
  const found = given
    ? { policy: given, episodes: [] }
    : await searchBits(
        context,
        config,
        state,
        { graph, quantizer, layers },
        calibration && { ...calibration, finish, confirmed },
      );
  const bits = given ?? bitsOf(found.policy, config);
  if (calibration) {
    await context.evaluateBackend.activate();
    state.calibrated = confirmed.of(bits) ?? (await finish(bits));
    await context.saveProgress();
  }
  const training = { graph, quantizer, bits, limit };
  if (config.refine && !state.refined && !state.graph) {
    const encoded = state.calibrated?.encoded ?? encodeGraph(quantizer, graph, bits.weights);
    const start = state.calibrated ?? { graph: withEncodedWeights(graph, encoded), encoded };
    const { simulated, projection, refuse } = trainingFrom(start, training);
    const options = { graph: simulated, unquantized: graph, projection, refuse };
    const refined = await refine(context, 'quantize', config.refine, state, options);
    state.refined = withWeights(graph, copyWeights(refined));
    // The fine-tune starts from it as it would from what was calibrated.
    state.calibrated = { graph: state.refined, encoded: new Map(projection.encoded()) };
    delete state.refine;
    await context.saveProgress();
  }
  if (!state.graph || !state.encoded) {
    const { simulated, projection, refuse } = trainingFrom(state.calibrated, training);
    const trained = await finetune(context, 'quantize-finetune', config.finetune, state, {
      graph: simulated,
      teacher: context.original,
      keepZeros: true,
      projection,
      refuse,
    });
    state.graph = withWeights(graph, copyWeights(trained));
    state.encoded = projection.encoded();
    requireSize(context, config, packModel(state.graph, state.encoded).length, limit);
    delete state.finetune;
    delete state.calibrated;
    delete state.refined;
    await context.saveProgress();
  }
  return { ...found, graph: state.graph, packed: packModel(state.graph, state.encoded), bits };
}

/**
 * A policy that is given is carried out, whatever the budget that it is given with; one that was found has to
 * keep it.
 */
function requireSize(
  { given, events }: PipelineContext,
  { environment }: QuantizeConfig,
  size: number,
  limit: number,
): void {
  if (size <= limit) return;
  if (given) {
    events.onNotice?.(
      `The policy makes a file of ${size} bytes, which is over quantize.budget.bytes of the config (${Math.floor(limit)}).`,
    );
    return;
  }
  const chooser =
    environment === undefined ? 'The search' : `The environment "${selectorParts(environment).use}"`;
  throw new TersorError(
    'BUDGET_EXCEEDED',
    `${chooser} chose bit widths that make a file of ${size} bytes where quantize.budget.bytes allows ${Math.floor(limit)}.`,
    {
      hint: 'The plugin does not do what it was asked: test it with `tersor check`, or use another.',
    },
  );
}

/** What a search knows of calibration images. */
interface SearchCalibration extends Pick<StageCalibration, 'quantizer' | 'correct' | 'errors'> {
  finish(bits: QuantizePolicy): Promise<CalibratedNetwork>;
  /** Gets the networks among which the winner is chosen. */
  readonly confirmed: BestCalibrated;
}

/** What the search finds, which `bitsOf` reads. */
async function searchBits(
  context: PipelineContext,
  config: QuantizeConfig,
  state: StageState,
  { graph, quantizer, layers }: Pick<QuantizeTask, 'graph' | 'quantizer' | 'layers'>,
  calibration: SearchCalibration | undefined,
): Promise<FoundPolicy> {
  const { baseline } = context;
  const bits = quantizerBits(config, quantizer);
  const activations =
    config.activations && (await calibrated(context, config.activations, state, graph, layers));
  return searchPolicy(
    context,
    'quantize',
    config,
    state,
    graph,
    (evaluate, reward, isConfirming = false) => ({
      stage: 'quantize',
      graph,
      layers,
      quantizer: calibration?.quantizer ?? quantizer,
      ...(calibration && { errors: calibration.errors }),
      reward,
      evaluate: async (network, candidate) => {
        if (!calibration) return evaluate(network, candidate);
        // The search corrects a candidate's means; the choice of the winner carries it out as the winner.
        if (!isConfirming || !candidate) return evaluate(calibration.correct(network), candidate);
        const policy = bitsOf(candidate.policy, config);
        const finished = await calibration.finish(policy);
        const evaluation = await evaluate(withPolicyActivations(finished.graph, policy), candidate);
        const reached = candidate.rewardAt(evaluation.accuracy, evaluation.divergence);
        calibration.confirmed.offer(policy, finished, reached);
        return evaluation;
      },
      baseline: { ...baseline, accuracy: baseline.accuracy.validation, macs: cost(graph).macs },
      limits: context.quantizeLimits,
      bits,
      ...(activations && { activations }),
      discrete: config.actions === 'discrete',
    }),
  );
}

/** Statistics of the layers' inputs, where the quantizer asks for them. */
async function calibrationOf(
  { dataset, config: { seed }, evaluateBackend, events, given }: PipelineContext,
  task: Pick<QuantizeTask, 'graph' | 'quantizer' | 'layers'>,
): Promise<StageCalibration | undefined> {
  if (!task.quantizer.calibration) return undefined;
  const stage = given ? 'quantize-apply' : 'quantize-prepare';
  if (!given) events.onStage?.(stage);
  const onLayer = (done: number, total: number) =>
    events.onProgress?.({ stage, done, total, unit: 'layers' });
  // The search asks for the errors when it has begun.
  const onProbed = (done: number, total: number) =>
    events.onProgress?.({ stage: 'quantize', done, total, unit: 'layers' });
  return prepareCalibration({ ...task, dataset, backend: evaluateBackend, seed, onLayer, onProbed });
}

function givenBits({ quantize, activations }: Policy): QuantizePolicy {
  return { weights: quantize!, ...(activations && { activations }) };
}

/** Ranges of the layers' inputs in the network that stage 1 left, once per run. */
async function calibrated(
  { dataset, config: { seed }, evaluateBackend }: PipelineContext,
  options: NonNullable<QuantizeConfig['activations']>,
  state: StageState,
  graph: LayerGraph,
  layers: readonly string[],
): Promise<NonNullable<QuantizeTask['activations']>> {
  const sums = options.sums ? joiningLayers(graph) : [];
  state.activations ??= await calibrateActivations({
    graph,
    layers: [...layers, ...sums],
    dataset,
    backend: evaluateBackend,
    seed,
    options,
  });
  return { bits: options.bits, ranges: state.activations, ...(options.sums && { sums }) };
}

/** What a search found, which an environment of the user's may have made. */
function bitsOf(policy: unknown, { activations, environment }: QuantizeConfig): QuantizePolicy {
  if (!activations) return { weights: policy as BitPolicy };
  if (typeof policy === 'object' && policy !== null && 'weights' in policy && 'activations' in policy)
    return policy as QuantizePolicy;
  throw new TersorError(
    'CONFIG_INVALID',
    `quantize.activations is set, but the environment ${JSON.stringify(environment)} chooses no activation bits.`,
    {
      hint: 'Use the environment "bit-width", or leave quantize.activations out.',
    },
  );
}

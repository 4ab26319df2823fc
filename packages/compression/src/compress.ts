import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  createHost,
  modelParts,
  TersorError,
  TOKENS,
  type CompressConfig,
  type Host,
  type LayerGraph,
  type Plugin,
  type Pruner,
  type Quantizer,
  type RunIdentity,
} from '@tersor/core';
import { builtinPlugins } from './builtin-plugins.js';
import { prunerSelectors, SLOTS, slotsOfApplying, slotsOfCompression } from './config-slots.js';
import { cost, ensureKernels, openModel, requireWritable, witness, witnessImages } from '@tersor/network';
import { choosePrecision, openBackends } from './open-backend.js';
import { describedBy } from './pack/described-by.js';
import { createEvaluator, type Answers } from './training/evaluator.js';
import { requireCompressible } from './checks/fitting.js';
import { requireExclusions } from './checks/layer-patterns.js';
import { requireAgents } from './checks/require-agents.js';
import { requireSendable } from './checks/require-sendable.js';
import { requireGradients } from './checks/require-gradients.js';
import { figuresOf, furtherFigures } from './limits/figures.js';
import { makePruneLimits, makeQuantizeLimits } from './limits/make-limits.js';
import { bothEvents } from './results/both-events.js';
import { measureLatency, type OpenMeterOf } from './results/measured-latency.js';
import { writeResults } from './results/results.js';
import type { NetworkFigures, PipelineEvents, PipelineStage, Summary } from './results/pipeline-types.js';
import type { PipelineContext } from './stages/pipeline-context.js';
import { memoryFiles, readMemory } from './search/memory.js';
import { searchEvaluators } from './search/search-images.js';
import { pruneStage } from './stages/prune-stage.js';
import type { GivenPolicy } from './policy/given-policy.js';
import { requirePolicy } from './policy/require-policy.js';
import { quantizeStage } from './stages/quantize-stage.js';
import { guessingAt, originalNotice } from './results/result-notices.js';
import { checkpointStore, type CheckpointStore } from './run/checkpoint.js';
import { otherInputs, requireInputs } from './run/content-changes.js';
import { compressionIdentity, wiredWith } from './run/identity.js';
import { requireFreeOutput, stagingFolder, sweepStaging } from './run/output-folder.js';
import type { Precious } from './run/output-guard.js';
import { estimateRun } from './run/estimate.js';
import { lockOutput } from './run/output-lock.js';
import { createLiveRecord, type LiveRecord, type StartCommand } from './run/live-record.js';
import { openRun } from './run/resume-run.js';
import type { RunState } from './run/run-state.js';
import { requireRewards } from './checks/require-rewards.js';
import { idleLimits } from './checks/idle-limits.js';
import { requireReachable } from './checks/stage-bounds.js';

export interface CompressOptions {
  readonly config: CompressConfig;
  /** Folder that relative paths and plugins of the config are resolved against. */
  readonly directory: string;
  /** Folder that the results are written to. */
  readonly output: string;
  readonly events?: PipelineEvents;
  /** Further folders to look plugins up from. */
  readonly searchFrom?: readonly string[];
  /** Plugins given directly instead of by package. */
  readonly plugins?: readonly Plugin[];
  /** Go on from the checkpoint in the output folder, if there is one. */
  readonly resume?: boolean;
  /** What the results are to come from; where something here is another, nothing is run. */
  readonly inputs?: RunIdentity;
  /** Files that must not be replaced, besides what the config names: the config's own, a log. */
  readonly alsoRead?: readonly Precious[];
  /**
   * Carried out instead of a search; agents, environments and rewards of the config are then not needed.
   */
  readonly policy?: GivenPolicy;
  /**
   * Opens the browser that a latency table of the budget was measured in. Without it a run with such a table
   * does not measure its result there.
   */
  readonly openMeter?: OpenMeterOf;
  /** Asked after every episode and epoch: true writes a checkpoint and ends with `INTERRUPTED`. */
  readonly shouldStop?: () => boolean;
  /** How the run was started, for whoever wants to start it again: kept beside the checkpoints. */
  readonly command?: StartCommand;
}

/**
 * Runs the two stages: prune, fine-tune, quantize, fine-tune, and writes the results (docs/guide/results.md
 * lists the files). Holds a lock on the output folder and keeps a checkpoint there until it is done. With
 * `policy`, that is carried out instead of what the searches would find. Throws any `TersorError`;
 * results are never half-written.
 */
export async function compress(options: CompressOptions): Promise<Summary> {
  await requireFreeOutput(options.config, options);
  const release = await lockOutput(options.output);
  const staging = stagingFolder(options.output);
  const live = createLiveRecord(join(options.output, 'checkpoint'));
  try {
    await sweepStaging(options.output);
    return await runStages(options, staging, live);
  } catch (error) {
    live.fail(error);
    throw error;
  } finally {
    await release();
  }
}

async function runStages(options: CompressOptions, staging: string, live: LiveRecord): Promise<Summary> {
  const { config, directory, policy: given } = options;
  const notices: string[] = [];
  const heard = bothEvents(options.events ?? {}, live.events);
  const onNotice = (text: string) => (notices.push(text), heard.onNotice(text));
  let stage: PipelineStage = 'baseline';
  const events: PipelineEvents = {
    ...heard,
    onNotice,
    onStage: (next, round) => heard.onStage((stage = next), round),
  };
  /** Counts the images of the networks that are measured, as the progress of whatever stage it is. */
  const counting = (total: number) => {
    let done = 0;
    const count = (images: number) =>
      events.onProgress?.({ stage, done: (done += images), total, unit: 'images' });
    count(0);
    return count;
  };
  const started = performance.now();
  const host = await createHost({
    slots: given ? slotsOfApplying(config) : slotsOfCompression(config),
    directory,
    seed: config.seed,
    builtins: [...builtinPlugins, ...(options.plugins ?? [])],
    ...(options.searchFrom && { searchFrom: options.searchFrom }),
  });
  try {
    const { trainBackend, evaluateBackend } = await openBackends(host);
    await evaluateBackend.activate();
    const dataset = await host.get(TOKENS.dataset);
    await ensureKernels();
    const model = await openModel(config.model, options);
    const read = await model.read();
    const original = config.describe ? describedBy(dataset, read) : read;
    requireCompressible(original, dataset, config, onNotice);
    requireExclusions(original, config, onNotice);
    if (!given) {
      await requireRewards(config, host);
      await requireAgents(config, host);
      requireSendable(config, host.wired, options.plugins);
    }
    const originalBytes = await model.bytes();
    const making = { original, originalBytes, backend: evaluateBackend.id };
    const pruneLimits = config.prune ? await makePruneLimits(host, config.prune, making) : [];
    const quantizeLimits = config.quantize ? await makeQuantizeLimits(host, config.quantize, making) : [];
    const limits = { pruneLimits, quantizeLimits };
    if (!given) idleLimits(config, { original, originalBytes, ...limits }).forEach(onNotice);
    if (hasTraining(config)) {
      await requireGradients(trainBackend, original);
      await evaluateBackend.activate();
    }
    const images = await witnessImages(dataset);
    await requireWritable(await witness(original, evaluateBackend, images), modelParts(config.model).path);
    const plugins = await compressors(host, config);
    if (given) requirePolicy(given, { config, original, ...plugins });
    const uncertain = given ? [] : requireReachable({ config, original, ...limits, ...plugins });
    const files = given ? [] : memoryFiles(config);
    const identity = await compressionIdentity({ directory, host, dataset, model, files });
    if (options.inputs) requireInputs(options.inputs, identity);
    const others = given && otherInputs(given, identity);
    if (others !== undefined) onNotice(others);
    const memory = !given && {
      prune: await readMemory('prune', config, { directory, identity }),
      quantize: await readMemory('quantize', config, { directory, identity }),
    };
    const origin = { config: { ...config, ...(given && { policy: given.sha256 }) }, identity };
    const store = checkpointStore<RunState>(`${options.output}/checkpoint`, origin);
    const state = await openRun(store, { origin, resume: options.resume === true, onNotice });
    if (!state.prune.graph) uncertain.forEach(onNotice);
    const precision = await choosePrecision(evaluateBackend, { state, original, images, onNotice });

    events.onStage?.('baseline');
    const validation = await createEvaluator({ backend: evaluateBackend, dataset, split: 'validation' });
    const test = await createEvaluator({ backend: evaluateBackend, dataset, split: 'test' });
    const answered = new Map<NetworkFigures, Answers>();
    const measure = async (graph: LayerGraph, bytes: number): Promise<NetworkFigures> => {
      const { macs, macsWithoutZeroSlices, parameters } = cost(graph);
      const onImages = counting(test.count + validation.count);
      const answers = await test.answers(graph, onImages);
      const accuracy = { validation: await validation.accuracy(graph, onImages), test: answers.accuracy };
      const figures = {
        accuracy,
        parameters,
        macs,
        macsWithoutZeroSlices,
        bytes,
      };
      const all = { ...figures, ...furtherFigures(figuresOf(pruneLimits.flat(), graph), figures) };
      answered.set(all, answers);
      return all;
    };
    const measuring = performance.now();
    const context: PipelineContext = {
      config,
      identity,
      host,
      places: { directory, searchFrom: options.searchFrom ?? [] },
      wired: wiredWith(host, model),
      dataset,
      trainBackend,
      evaluateBackend,
      precision,
      ...(given && { given }),
      ...(memory && { memory }),
      original,
      baseline: await measure(original, originalBytes),
      witnessImages: images,
      ...limits,
      events,
      notices,
      ...(options.shouldStop && { shouldStop: options.shouldStop }),
      saveProgress: progressSaver(store, state, options),
      searchEvaluators: searchEvaluators({
        evaluateBackend,
        dataset,
        seed: config.seed,
        onNotice,
        host,
        original,
      }),
      validationAccuracy: (graph) => validation.accuracy(graph, counting(validation.count)),
    };
    live.describe({
      config,
      backend: evaluateBackend.id,
      baseline: context.baseline,
      ...(options.command && { command: options.command }),
    });
    const measured = (performance.now() - measuring) / 1000;
    events.onEstimate?.(
      estimateRun(config, {
        secondsPerImage: measured / (validation.count + test.count),
        images: { train: dataset.size('train'), validation: validation.count, test: test.count },
        macs: context.baseline.macs,
        searches: given === undefined,
      }),
    );
    const guesses = originalNotice(context.baseline, guessingAt(dataset));
    if (guesses !== undefined) onNotice(guesses);
    const pruned = config.prune && (await pruneStage(context, config.prune, state.prune));
    const quantized =
      config.quantize &&
      (await quantizeStage(context, config.quantize, state.quantize, pruned?.graph ?? original));

    events.onStage?.('write');
    const measuredLatency = await measureLatency({
      limits: pruneLimits.at(-1) ?? [],
      original,
      compressed: quantized?.graph ?? pruned?.graph ?? original,
      backend: evaluateBackend,
      openMeter: options.openMeter,
      onNotice,
    });
    const summary = await writeResults({
      context,
      pruned,
      quantized,
      measure,
      answered,
      measuredLatency,
      staging,
      output: options.output,
      started,
    });
    await store.clear();
    return summary;
  } finally {
    await host.dispose();
  }
}

/** Whether a fine-tune or a refinement is to follow a search. */
function hasTraining({ prune, quantize }: CompressConfig): boolean {
  return [prune, quantize].some((stage) => stage && (stage.finetune.epochs > 0 || stage.refine));
}

const PRUNER_ACTIONS: readonly Pruner['action'][] = ['channels', 'slices', 'blocks'];

/**
 * What makes the network smaller in the two stages. Throws `PLUGIN_INVALID` for a pruner of a kind that no
 * wall counts.
 */
async function compressors(
  host: Host,
  { prune, quantize }: CompressConfig,
): Promise<{ pruners: Pruner[]; quantizer: Quantizer | undefined }> {
  const pruners: Pruner[] = [];
  if (prune)
    for (const index of prunerSelectors(prune.pruner).keys())
      pruners.push(await host.get(TOKENS.pruner, SLOTS.pruner(index)));
  const odd = pruners.find(({ action }) => !PRUNER_ACTIONS.includes(action));
  if (odd) {
    const known = PRUNER_ACTIONS.map((action) => `"${action}"`).join(', ');
    throw new TersorError(
      'PLUGIN_INVALID',
      `The pruner "${odd.id}" has the action "${odd.action}", which the budget's wall does not support.`,
      { hint: `Its author can choose from: ${known}.` },
    );
  }
  return { pruners, quantizer: quantize && (await host.get(TOKENS.quantizer, SLOTS.quantize)) };
}

/** Checkpoints cost little however short the episodes are: at most one every `checkpointSeconds`. */
function progressSaver(
  store: CheckpointStore<RunState>,
  state: RunState,
  { config, shouldStop }: CompressOptions,
): PipelineContext['saveProgress'] {
  let last = performance.now();
  return async (update) => {
    // Where all is computed in this thread, nothing else would let the process hear a signal.
    await nextTurn();
    if (update && performance.now() - last < config.checkpointSeconds * 1000 && !shouldStop?.()) return;
    update?.();
    await store.save(state);
    last = performance.now();
  };
}

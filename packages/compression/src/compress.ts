import { mkdir, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createHost, TersorError, TOKENS, type Backend, type CompressConfig, type Dataset, type Host, type LayerGraph, type Plugin } from '@tersor/core';
import { builtinPlugins } from './builtin-plugins.js';
import { SLOTS, slotsOfCompression } from './config-slots.js';
import { cost } from './cost/cost.js';
import { createEvaluator, type Evaluator } from './evaluator.js';
import { readModel } from './model-files.js';
import { folderBytes, writeResults } from './results.js';
import { pruneStage, type StageInput } from './prune-stage.js';
import { quantizeStage } from './quantize-stage.js';
import type { NetworkFigures, PipelineEvents, Summary } from './pipeline-types.js';

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
  /** Asked between episodes and epochs; true ends the stage there. */
  readonly shouldStop?: () => boolean;
}

/** Everything that the two stages share. */
export interface PipelineContext {
  readonly config: CompressConfig;
  readonly host: Host;
  readonly dataset: Dataset;
  readonly trainBackend: Backend;
  readonly evaluateBackend: Backend;
  /** The original network. */
  readonly original: LayerGraph;
  readonly baseline: NetworkFigures;
  readonly events: PipelineEvents;
  readonly shouldStop?: () => boolean;
  /** Evaluator on so many validation images. */
  searchEvaluator(images: number): Promise<Evaluator>;
}

/**
 * Runs the two stages: prune, fine-tune, quantize, fine-tune, and writes the results (docs/guide/output.md lists the files).
 * Throws any `TersorError`; nothing is left half-written.
 */
export async function compress(options: CompressOptions): Promise<Summary> {
  const { config, directory, events = {} } = options;
  const started = performance.now();
  const host = await createHost({
    slots: slotsOfCompression(config),
    directory,
    seed: config.seed,
    builtins: [...builtinPlugins, ...(options.plugins ?? [])],
    ...(options.searchFrom && { searchFrom: options.searchFrom }),
  });
  const staging = `${options.output}/.partial-${process.pid}`;
  try {
    await makeFolder(staging);
    const trainBackend = await host.get(TOKENS.backend, SLOTS.train);
    const evaluateBackend = host.has(TOKENS.backend, SLOTS.evaluate) ? await host.get(TOKENS.backend, SLOTS.evaluate) : trainBackend;
    await requireAvailable(trainBackend);
    if (evaluateBackend !== trainBackend) await requireAvailable(evaluateBackend);
    await evaluateBackend.activate();
    const dataset = await host.get(TOKENS.dataset);
    const modelPath = resolve(directory, config.model);
    const original = await readModel(modelPath);
    requireFitting(original, dataset, config.model);

    events.onStage?.('baseline');
    const judges = await Promise.all([createEvaluator({ backend: evaluateBackend, dataset, split: 'validation' }), createEvaluator({ backend: evaluateBackend, dataset, split: 'test' })]);
    const measure = async (graph: LayerGraph, bytes: number): Promise<NetworkFigures> => {
      await evaluateBackend.activate();
      const { macs, parameters } = cost(graph);
      return { accuracy: { validation: await judges[0].accuracy(graph), test: await judges[1].accuracy(graph) }, parameters, macs, bytes };
    };
    const baseline = await measure(original, await folderBytes(modelPath));
    const context: PipelineContext = {
      config,
      host,
      dataset,
      trainBackend,
      evaluateBackend,
      original,
      baseline,
      events,
      ...(options.shouldStop && { shouldStop: options.shouldStop }),
      searchEvaluator: (images) => createEvaluator({ backend: evaluateBackend, dataset, split: 'validation', images }),
    };

    const start: StageInput = { graph: original, figures: baseline };
    const pruned = config.prune ? await pruneStage(context, config.prune, start) : undefined;
    const smaller = pruned?.graph ?? original;
    const quantized = config.quantize ? await quantizeStage(context, config.quantize, smaller) : undefined;

    events.onStage?.('write');
    return await writeResults({ context, pruned, quantized, measure, staging, output: options.output, started });
  } finally {
    await rm(staging, { recursive: true, force: true });
    await host.dispose();
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new TersorError('OUTPUT_FAILED', `The output folder cannot be made: ${(cause as Error).message}`, { cause, hint: 'Choose another with --out.' });
  }
}

async function requireAvailable(backend: Backend): Promise<void> {
  const availability = await backend.isAvailable();
  if (!availability.available) {
    throw new TersorError('BACKEND_UNAVAILABLE', `The backend "${backend.id}" cannot run here: ${availability.reason}`, { hint: availability.install });
  }
}

/** Throws `MODEL_UNSUPPORTED` when the model does not take the data set's images or has another number of classes. */
function requireFitting(graph: LayerGraph, dataset: Dataset, model: string): void {
  const input = graph.calls[graph.inputs[0]!]!.outputShape;
  const output = graph.calls[graph.outputs[0]!]!.outputShape;
  const fits = dataset.imageShape.every((size, i) => input[i] === undefined || input[i] === size);
  if (graph.inputs.length !== 1 || !fits) {
    throw new TersorError('MODEL_UNSUPPORTED', `${model} takes ${graph.inputs.length} input(s) of shape ${input.join('x')}, but the images of "${dataset.id}" are ${dataset.imageShape.join('x')}.`);
  }
  if (output.at(-1) !== dataset.classNames.length) {
    throw new TersorError('MODEL_UNSUPPORTED', `${model} gives ${output.at(-1)} values per image, but "${dataset.id}" has ${dataset.classNames.length} classes.`);
  }
}

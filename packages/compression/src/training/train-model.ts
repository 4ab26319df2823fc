import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as layers from '@tensorflow/tfjs-layers';
import {
  createHost,
  messageOf,
  modelParts,
  TersorError,
  TOKENS,
  type LayerGraph,
  type ModelSource,
  type Plugin,
  type TrainConfig,
} from '@tersor/core';
import { openBackends } from '../open-backend.js';
import { slotsOfTraining } from '../config-slots.js';
import {
  cost,
  initializeKernels,
  ensureKernels,
  openModel,
  type ModelFile,
  writeModel,
  disposeModel,
  graphFromModel,
  requireModelFile,
  requireWritable,
  witness,
  witnessImages,
  withSeededMathRandom,
} from '@tersor/network';
import { createEvaluator } from './evaluator.js';
import { requireFitting, requireImages, requireOneOutput, requireTrainable } from '../checks/fitting.js';
import { checkpointStore } from '../run/checkpoint.js';
import type { StartCommand } from '../run/live-record.js';
import { lockOutput } from '../run/output-lock.js';
import { createTrainingRecord } from '../run/training-record.js';
import { trainingIdentity } from '../run/identity.js';
import { namedByConfig, requireFreeModelFolder, type Precious } from '../run/output-guard.js';
import { openTraining } from '../run/resume-run.js';
import { train, type EpochRecord, type TrainRun, type TrainState } from './train.js';

export interface TrainModelOptions {
  readonly config: TrainConfig;
  /** Folder that relative paths and plugins of the config are resolved against. */
  readonly directory: string;
  /** Folder that the model is written to. */
  readonly output: string;
  readonly searchFrom?: readonly string[];
  /** Plugins given directly instead of by package. */
  readonly plugins?: readonly Plugin[];
  /**
   * Folder of a checkpoint that is written after every epoch, and removed when the training is done; none
   * without.
   */
  readonly checkpoint?: string;
  /** Go on from that checkpoint, if there is one. */
  readonly resume?: boolean;
  /** Files that must not be replaced, besides what the config names: the config's own. */
  readonly alsoRead?: readonly Precious[];
  readonly onEpoch?: (record: EpochRecord & { readonly validation: number }) => void | Promise<void>;
  /** Something that the user should know, but that stops nothing. */
  readonly onNotice?: (text: string) => void;
  readonly onStep?: TrainRun['onStep'];
  /** How it was started on the command line, for whoever wants to start it again. */
  readonly command?: StartCommand;
}

/** What a training gave; `training.json` holds it. */
export interface TrainSummary {
  readonly accuracy: { readonly validation: number; readonly test: number };
  readonly parameters: number;
  readonly macs: number;
  readonly history: readonly EpochRecord[];
  readonly backend: string;
  readonly seed: number;
  readonly config: TrainConfig;
}

type Architecture = (library: typeof layers) => layers.LayersModel;

/**
 * Trains a network as a config says, from scratch or from an earlier model, and writes it as a LayersModel.
 * Throws `MODEL_INVALID` for a module that builds none, `CONFIG_INVALID` where the output would replace what
 * is read, `CHECKPOINT_MISMATCH` for a checkpoint of another training, `OUTPUT_LOCKED` for an output that
 * another training with checkpoints writes to.
 */
export async function trainModel(options: TrainModelOptions): Promise<TrainSummary> {
  const { config, directory, output, checkpoint, alsoRead = [] } = options;
  const precious = [...(await namedByConfig(config, options)), ...alsoRead];
  await requireFreeModelFolder(output, precious, [
    join(output, 'training.json'),
    ...(checkpoint === undefined ? [] : [checkpoint]),
  ]);
  const host = await createHost({
    slots: slotsOfTraining(config),
    directory,
    seed: config.seed,
    ...(options.plugins && { builtins: options.plugins }),
    ...(options.searchFrom && { searchFrom: options.searchFrom }),
  });
  const record = checkpoint === undefined ? undefined : createTrainingRecord(checkpoint);
  let unlock: (() => Promise<void>) | undefined;
  try {
    const { trainBackend, evaluateBackend } = await openBackends(host);
    const dataset = await host.get(TOKENS.dataset);
    await trainBackend.activate();
    await ensureKernels();
    const architecture = modelParts(config.architecture).path;
    const model = isModule(config.architecture) ? undefined : await openModel(config.architecture, options);
    const graph = model
      ? await model.read()
      : initializeKernels(
          await buildArchitecture(resolve(directory, architecture), config.seed),
          config.seed,
        );
    requireFitting(graph, dataset, architecture);
    requireImages(dataset, ['validation', 'test']);
    requireTrainable(
      graph,
      dataset,
      architecture,
      { batchSize: config.train.batchSize, place: 'train' },
      options.onNotice,
    );
    const teacherFile =
      config.teacher === undefined
        ? undefined
        : await openModel(config.teacher, { ...options, place: 'teacher' });
    const teacher = teacherFile && (await readTeacher(teacherFile, graph));
    const wired = { directory, host, dataset, model, teacher: teacherFile };
    const origin = { config, identity: await trainingIdentity(config, wired) };
    const store = checkpoint === undefined ? undefined : checkpointStore<TrainState>(checkpoint, origin);
    const onNotice = (text: string) => {
      record?.notice(text);
      options.onNotice?.(text);
    };
    // Its file also says who is at it.
    if (store) unlock = await lockOutput(output);
    const before =
      store && (await openTraining(store, { origin, resume: options.resume === true, onNotice }));
    record?.begin({
      ...{ config, backend: trainBackend.id, epochsDone: before?.epochsDone ?? 0 },
      ...(options.command && { command: options.command }),
    });
    const validation = await createEvaluator({ backend: evaluateBackend, dataset, split: 'validation' });
    const accuracyOn = async (
      judge: { accuracy(graph: LayerGraph): Promise<number> },
      candidate: LayerGraph,
    ): Promise<number> => {
      await evaluateBackend.activate();
      const accuracy = await judge.accuracy(candidate);
      await trainBackend.activate();
      return accuracy;
    };
    const images = await witnessImages(dataset);
    await requireWritable(await witness(graph, trainBackend, images), architecture);
    const { graph: trained, history } = await train({
      graph,
      ...(teacher && { teacher }),
      backend: trainBackend,
      dataset,
      options: config.train,
      seed: config.seed,
      ...(before && { resume: before }),
      onStep: (done, total, step) => {
        record?.step(done, total, step);
        return options.onStep?.(done, total, step);
      },
      onEpoch: async (own, state, current) => {
        await store?.save(state);
        const epoch = { ...own, validation: await accuracyOn(validation, current) };
        record?.epoch(epoch);
        await options.onEpoch?.(epoch);
      },
    });
    await evaluateBackend.activate();
    const expected = await witness(trained, evaluateBackend, images);
    await writeModel(trained, output, (file) => requireModelFile(file, expected));
    const test = await createEvaluator({ backend: evaluateBackend, dataset, split: 'test' });
    const { parameters, macs } = cost(trained);
    const accuracy = {
      validation: await accuracyOn(validation, trained),
      test: await accuracyOn(test, trained),
    };
    await store?.clear();
    return { accuracy, parameters, macs, history, backend: trainBackend.id, seed: config.seed, config };
  } catch (error) {
    record?.fail(error);
    throw error;
  } finally {
    await unlock?.();
    await host.dispose();
  }
}

async function readTeacher(file: ModelFile, student: LayerGraph): Promise<LayerGraph> {
  const { path } = file;
  const teacher = await file.read();
  requireOneOutput(teacher, `The teacher ${path}`);
  for (const [what, ends] of [
    ['input', 'inputs'],
    ['output', 'outputs'],
  ] as const) {
    const [theirs, ours] = [teacher, student].map((graph) => {
      const { outputShape } = graph.calls[graph[ends][0]!]!;
      // 1x1xC outputs are C values.
      return (what === 'output' ? outputShape.filter((size) => size !== 1) : outputShape).join('x');
    });
    if (theirs !== ours) {
      throw new TersorError(
        'MODEL_INVALID',
        `The teacher ${path} has an ${what} of ${theirs}, the network to train one of ${ours}.`,
        { hint: 'A teacher needs the same image size and classes.' },
      );
    }
  }
  return teacher;
}

/** A module's network starts from drawn kernels; a model is trained on from its own weights. */
function isModule(source: ModelSource): boolean {
  const { path, use } = modelParts(source);
  return use === undefined && /\.[cm]?[jt]sx?$/.test(path);
}

/**
 * Initializers of the author's that have no seed draw from the run's: a module gives the same network for the
 * same seed.
 */
async function buildArchitecture(path: string, seed: number): Promise<LayerGraph> {
  let build: unknown;
  try {
    ({ default: build } = (await import(pathToFileURL(path).href)) as { default: unknown });
  } catch (cause) {
    // What Node says of a file ending that it does not know is no help.
    const isTypeScript = /\.[cm]?tsx?$/.test(path) && existsSync(path);
    const hint = isTypeScript
      ? 'It is TypeScript: compile it first, for instance with npx tsc, and name the .js file.'
      : 'Check the path and what the module imports.';
    throw new TersorError(
      'MODEL_INVALID',
      `The architecture ${path} cannot be imported: ${messageOf(cause)}`,
      { cause, hint },
    );
  }
  if (typeof build !== 'function') {
    throw new TersorError(
      'MODEL_INVALID',
      `The architecture ${path} has no default export that is a function.`,
      { hint: 'Export default ({ sequential, layers }) => a LayersModel.' },
    );
  }
  const model = withSeededMathRandom(seed, 'architecture', () => (build as Architecture)(layers));
  if (!(model instanceof layers.LayersModel))
    throw new TersorError('MODEL_INVALID', `The architecture ${path} does not return a LayersModel.`);
  const graph = await graphFromModel(model);
  disposeModel(model);
  return graph;
}

import {
  TersorError,
  createRandom,
  type Backend,
  type Dataset,
  type InferenceSession,
  type LayerGraph,
  type TrainingBatch,
  type Random,
} from '@tersor/core';
import {
  copyWeights,
  isKernel,
  weightSlots,
  withWeights,
  isFrozen,
  networkOutput,
  teacherLogits,
  type WeightSlot,
  type ScoreKind,
} from '@tersor/network';
import { augment, type Augmentation } from './augment.js';
import { learningRateAt, type Schedule } from './schedule.js';
import { sgdStep } from './sgd.js';

/** Settings of a training or a fine-tune. */
export interface TrainOptions {
  readonly epochs: number;
  /** Peak learning rate. */
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly batchSize: number;
  readonly momentum: number;
  /** L2 penalty on kernels; biases and batch norm are not decayed. */
  readonly weightDecay: number;
  /**
   * L1 penalty on the scales of batch norm: channels that matter little fade out (network slimming: Liu et
   * al., ICCV 2017). 0 when absent.
   */
  readonly scalePenalty?: number | undefined;
  readonly labelSmoothing: number;
  /** Weight of the teacher's soft labels, 0..1; needs a teacher. */
  readonly distill: number;
  readonly temperature: number;
  readonly freezeStatistics?: boolean | undefined;
  /**
   * Share of the old value that the moving statistics of batch norm keep in a step; each layer's own when
   * absent.
   */
  readonly statisticsMomentum?: number | undefined;
  readonly augmentation: Augmentation;
}

/** What an epoch did. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** Mean training loss. */
  readonly loss: number;
  /** Share of the (augmented) training images that was right, at the weights of their step. */
  readonly accuracy: number;
  readonly seconds: number;
}

/** What a step gave, and how many make an epoch. */
export interface StepRecord {
  readonly loss: number;
  /** Share of the batch that was right. */
  readonly accuracy: number;
  readonly stepsPerEpoch: number;
}

/** All that a training needs to go on: structured-cloneable. */
export interface TrainState {
  readonly epochsDone: number;
  readonly weights: Float32Array[];
  readonly velocity: Float32Array[];
  readonly history: readonly EpochRecord[];
}

export interface TrainRun {
  readonly graph: LayerGraph;
  readonly backend: Backend;
  readonly dataset: Dataset;
  readonly options: TrainOptions;
  readonly seed: number;
  /** Original network for distillation. */
  readonly teacher?: LayerGraph;
  /** Zeros stay zero: pruned kernel slices do not grow back. */
  readonly keepZeros?: boolean;
  /**
   * Quantization-aware training: the weights that the forward pass uses instead of the master weights.
   * Gradients at these are applied to the master weights (the straight-through estimator, Bengio et al.
   * 2013).
   */
  readonly project?: (master: readonly Float32Array[]) => readonly Float32Array[];
  readonly resume?: TrainState;
  readonly onEpoch?: (record: EpochRecord, state: TrainState, graph: LayerGraph) => void | Promise<void>;
  readonly onStep?: (done: number, total: number, step: StepRecord) => void;
  /** Called before every epoch; true ends the training there. */
  readonly shouldStop?: () => boolean;
}

/**
 * Trains a network by SGD with Nesterov momentum. The same seed gives the same weights on the same backend.
 */
export async function train(run: TrainRun): Promise<{ graph: LayerGraph; history: readonly EpochRecord[] }> {
  const { graph, dataset, options } = run;
  const images = dataset.size('train');
  if (images === 0)
    throw new TersorError('DATASET_INVALID', `Data set "${dataset.id}" has no training images.`, {
      hint: 'Training needs some.',
    });
  const slots = weightSlots(graph);
  const zeros = run.keepZeros
    ? slots.map(({ weight }) =>
        isKernel(weight) ? weight.data.map((value) => (value === 0 ? 0 : 1)) : undefined,
      )
    : [];
  const weights = run.resume?.weights.map((data) => Float32Array.from(data)) ?? copyWeights(graph);
  const velocity =
    run.resume?.velocity.map((data) => Float32Array.from(data)) ??
    weights.map((data) => new Float32Array(data.length));
  const history = [...(run.resume?.history ?? [])];
  const stepsPerEpoch = Math.max(1, Math.floor(images / options.batchSize));
  const totalSteps = options.epochs * stepsPerEpoch;

  const session = await run.backend.compileTraining(graph, options);
  const teacher = run.teacher && options.distill > 0 ? await compileTeacher(run.teacher, run) : undefined;
  try {
    for (let epoch = run.resume?.epochsDone ?? 0; epoch < options.epochs; epoch++) {
      if (run.shouldStop?.()) break;
      const started = performance.now();
      // A stream of its own per epoch, so that a resumed training draws what an uninterrupted one would have
      // drawn.
      const random = createRandom(run.seed, `train/${epoch}`);
      const order = random.permutation(images);
      let lossSum = 0;
      let accuracySum = 0;
      for (let step = 0; step < stepsPerEpoch; step++) {
        const batch = await makeBatch(
          run,
          order.slice(step * options.batchSize, (step + 1) * options.batchSize),
          random,
          teacher,
        );
        const done = epoch * stepsPerEpoch + step;
        const result = await session.step(run.project?.(weights) ?? weights, batch);
        if (!Number.isFinite(result.loss)) {
          throw new TersorError(
            'WEIGHTS_NOT_FINITE',
            `The training loss became ${result.loss} in epoch ${epoch + 1}.`,
            {
              hint: `Lower the learning rate (now ${options.learningRate}).`,
            },
          );
        }
        update(
          slots,
          weights,
          velocity,
          result.updates,
          learningRateAt(options.schedule, options.learningRate, done / totalSteps),
          options,
        );
        zeros.forEach((mask, i) => mask && multiplyInto(weights[i]!, mask));
        lossSum += result.loss;
        accuracySum += result.accuracy;
        run.onStep?.(done + 1, totalSteps, {
          loss: result.loss,
          accuracy: result.accuracy,
          stepsPerEpoch,
        });
      }
      const record = {
        epoch: epoch + 1,
        loss: lossSum / stepsPerEpoch,
        accuracy: accuracySum / stepsPerEpoch,
        seconds: (performance.now() - started) / 1000,
      };
      history.push(record);
      await run.onEpoch?.(
        record,
        { epochsDone: epoch + 1, weights, velocity, history },
        withWeights(graph, weights),
      );
    }
  } finally {
    session.dispose();
    teacher?.session.dispose();
  }
  return { graph: withWeights(graph, weights), history };
}

async function makeBatch(
  run: TrainRun,
  indexes: readonly number[],
  random: Random,
  teacher: Teacher | undefined,
): Promise<TrainingBatch> {
  const { images, labels } = await run.dataset.read('train', indexes);
  const changed = augment(
    images,
    run.dataset.imageShape,
    run.dataset.padValue,
    run.options.augmentation,
    () => random.uniform(),
  );
  const seed = random.integer(2 ** 30);
  return {
    images: changed,
    labels,
    seed,
    ...(teacher && { teacher: teacherLogits(await teacher.session.run(changed), teacher.scores) }),
  };
}

/** A network that is learned from. */
interface Teacher {
  readonly session: InferenceSession;
  readonly scores: ScoreKind;
}

async function compileTeacher(graph: LayerGraph, { backend, graph: student }: TrainRun): Promise<Teacher> {
  const scores = networkOutput(graph);
  const { link } = networkOutput(student);
  if (scores.link !== link) {
    throw new TersorError(
      'MODEL_UNSUPPORTED',
      `The teacher ends in a ${scores.link}, the network to train in a ${link}.`,
      { hint: 'Their probabilities mean different things. Give both the same last activation.' },
    );
  }
  return { session: await backend.compile(scores.graph), scores };
}

function update(
  slots: readonly WeightSlot[],
  weights: readonly Float32Array[],
  velocity: readonly Float32Array[],
  updates: readonly Float32Array[],
  learningRate: number,
  { momentum, weightDecay, scalePenalty = 0, statisticsMomentum }: TrainOptions,
): void {
  slots.forEach(({ layer, weight }, i) => {
    if (isFrozen(layer)) return;
    if (weight.trainable) {
      sgdStep(weights[i]!, velocity[i]!, updates[i]!, learningRate, {
        momentum,
        weightDecay: isKernel(weight) ? weightDecay : 0,
        shrink: weight.name === 'gamma' ? scalePenalty : 0,
      });
      return;
    }
    const keep = statisticsMomentum ?? Number(layer.config['momentum'] ?? 0.99);
    const moving = weights[i]!;
    const batch = updates[i]!;
    for (let k = 0; k < moving.length; k++) moving[k] = keep * moving[k]! + (1 - keep) * batch[k]!;
  });
}

function multiplyInto(values: Float32Array, mask: Float32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = values[i]! * mask[i]!;
}

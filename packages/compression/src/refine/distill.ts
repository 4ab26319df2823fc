import { createRandom, type Backend, type Dataset, type LayerGraph, type TrainingBatch } from '@tersor/core';
import {
  factsOf,
  isFrozen,
  isKernel,
  networkOutput,
  teacherLogits,
  weightSlots,
  withWeights,
} from '@tersor/network';
import { augment, type Augmentation } from '../training/augment.js';
import { optimize, type OptimizerState } from './optimize.js';
import { weightVariables } from './weight-variables.js';

/** Settings of a refinement. */
export interface RefineOptions {
  readonly steps: number;
  readonly images: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly augmentation: Augmentation;
}

export interface Distillation {
  /** The network to refine. */
  readonly graph: LayerGraph;
  /** The same network with zeros only where weights were pruned, which stay 0; `graph` when absent. */
  readonly pruned?: LayerGraph;
  /** The network whose outputs it is to have. */
  readonly original: LayerGraph;
  readonly backend: Backend;
  readonly dataset: Dataset;
  readonly options: RefineOptions;
  readonly seed: number;
  /** Name of the option, for errors. */
  readonly place: string;
  readonly resume?: OptimizerState | undefined;
  /**
   * Turns weights into those that are used, as codes stand for them: gradients at these move the weights (the
   * straight-through estimator, Bengio et al. 2013).
   */
  project?(weights: readonly Float32Array[]): readonly Float32Array[];
  /** Called after every step; it ends where this throws. */
  onStep?(done: number, loss: number, state: OptimizerState): Promise<void>;
}

/**
 * Brings the outputs of a network back to those of the original on training images, whose labels it does not
 * see: Adam on the KL divergence of their probabilities (Hinton, Vinyals and Dean 2015, with nothing of the
 * labels). Batch norm keeps its statistics, dropout is off, pruned kernel slices stay 0. The same seed gives
 * the same weights on the same backend, stopped and gone on with or not. Throws `WEIGHTS_NOT_FINITE`.
 */
export async function distill(run: Distillation): Promise<LayerGraph> {
  const { graph, original, backend, dataset, options, seed } = run;
  const { batchSize } = options;
  const chosen = createRandom(seed, 'refine').permutation(dataset.size('train')).slice(0, options.images);
  const size = Math.min(batchSize, chosen.length);
  const stepsPerPass = Math.floor(chosen.length / size);
  const scores = networkOutput(original);
  const teacher = await backend.compile(scores.graph);
  try {
    const session = await backend.compileTraining(withoutDropout(graph), OBJECTIVE);
    try {
      const batch = async (step: number): Promise<TrainingBatch> => {
        const pass = Math.floor(step / stepsPerPass);
        // Each pass and each step has its own stream: any of them can be the first of a resumed run.
        const order = createRandom(seed, `refine/pass/${pass}`).permutation(chosen.length);
        const first = (step % stepsPerPass) * size;
        const random = createRandom(seed, `refine/step/${step}`);
        const { images } = await dataset.read(
          'train',
          order.slice(first, first + size).map((at) => chosen[at]!),
        );
        const changed = augment(images, dataset.imageShape, dataset.padValue, options.augmentation, () =>
          random.uniform(),
        );
        return {
          images: changed,
          labels: new Int32Array(size),
          teacher: teacherLogits(await teacher.run(changed), scores),
          seed: random.integer(2 ** 30),
        };
      };
      const slots = weightSlots(graph);
      const prunedSlots = weightSlots(run.pruned ?? graph);
      const weights = await optimize({
        session,
        weights: slots.map(({ weight }) => weight.data),
        variables: slots.map(({ layer, weight }, i) =>
          weight.trainable && !isFrozen(layer)
            ? weightVariables(weight.data, isKernel(weight) ? prunedSlots[i]!.weight.data : undefined)
            : undefined,
        ),
        steps: options.steps,
        learningRate: options.learningRate,
        place: run.place,
        resume: run.resume,
        batch,
        ...(run.project && { project: run.project }),
        ...(run.onStep && { onStep: run.onStep }),
      });
      return withWeights(graph, weights);
    } finally {
      session.dispose();
    }
  } finally {
    teacher.dispose();
  }
}

/** With this weight of the teacher, labels count for nothing. */
const OBJECTIVE = { labelSmoothing: 0, distill: 1, temperature: 1, freezeStatistics: true };

/** The teacher has none either: what they differ by would be noise. */
function withoutDropout(graph: LayerGraph): LayerGraph {
  return {
    ...graph,
    layers: graph.layers.map((layer) => factsOf(layer)?.withoutChance?.(layer) ?? layer),
  };
}

import {
  modelParts,
  TersorError,
  type CompressConfig,
  type Dataset,
  type LayerGraph,
  type Split,
} from '@tersor/core';
import { constraintsOf, isFrozen, isVector } from '@tersor/network';

/**
 * Throws `MODEL_UNSUPPORTED` when a network does not have one input of images and one output.
 * @param model how the user named it
 */
export function requireOneOutput(graph: LayerGraph, model: string): void {
  const [input, output] = [shapesOf(graph, graph.inputs), shapesOf(graph, graph.outputs)];
  if (input.length !== 1) {
    throw new TersorError(
      'MODEL_UNSUPPORTED',
      `${model} has ${input.length} inputs (${input.map(written).join(', ')}).`,
      { hint: 'Tersor takes networks with one input, of images.' },
    );
  }
  if (output.length !== 1) {
    throw new TersorError(
      'MODEL_UNSUPPORTED',
      `${model} has ${output.length} outputs (${output.map(written).join(', ')}).`,
      {
        hint:
          'Tersor measures, trains and prunes for one classification; the other outputs would lose their meaning. ' +
          'Save the model with only the output of the classes.',
      },
    );
  }
}

/**
 * The one place that says whether model, data and task fit: every command that runs a network on a data set
 * asks it before anything else.
 * Throws `MODEL_UNSUPPORTED` when the network has several inputs or outputs, does not take the data set's
 * images, or does not give one value per class.
 * @param model how the user named it
 */
export function requireFitting(
  graph: LayerGraph,
  dataset: Pick<Dataset, 'id' | 'imageShape' | 'classNames'>,
  model: string,
): void {
  requireOneOutput(graph, model);
  const { id, imageShape, classNames } = dataset;
  const [input] = shapesOf(graph, graph.inputs) as [Shape];
  if (input.includes(undefined)) {
    throw new TersorError(
      'MODEL_UNSUPPORTED',
      `${model} leaves sizes of its input open (${written(input)}).`,
      {
        hint: `Give it a fixed input: ${written(imageShape)} for the images of "${id}".`,
      },
    );
  }
  if (input.length !== imageShape.length || input.some((size, i) => size !== imageShape[i])) {
    throw new TersorError(
      'MODEL_UNSUPPORTED',
      `${model} takes inputs of ${written(input)}, ` +
        `but the images of "${id}" are ${written(imageShape)} (height x width x channels).`,
      {
        hint: `Give the model an input of ${written(imageShape)}, or the data set images of its size.`,
      },
    );
  }
  const [output] = shapesOf(graph, graph.outputs) as [Shape];
  const values = output.reduce<number>((product, size) => product * (size ?? NaN), 1);
  if (values === classNames.length && isVector(output)) return;
  const given =
    output.length === 1
      ? `${output[0] ?? 'an open number of'} value${output[0] === 1 ? '' : 's'}`
      : `outputs of ${written(output)}`;
  throw new TersorError(
    'MODEL_UNSUPPORTED',
    `${model} gives ${given} per image, but "${id}" has ${classNames.length} classes.`,
    {
      hint:
        values === 1 && classNames.length === 2
          ? 'A network with one sigmoid for two classes is not supported: give it an output per class.'
          : `It has to give one value per class: ${classNames.length}, or 1x1x${classNames.length}.`,
    },
  );
}

/** Throws `DATASET_INVALID` when a split that a run will read is empty, before the run begins. */
export function requireImages(dataset: Dataset, splits: readonly Split[]): void {
  for (const split of splits) {
    if (dataset.size(split) > 0) continue;
    throw new TersorError(
      'DATASET_INVALID',
      `Data set "${dataset.id}" has no ${split === 'train' ? 'training' : split} images.`,
      { hint: EMPTY_HINTS[split] },
    );
  }
}

const EMPTY_HINTS: Readonly<Record<Split, string>> = {
  train: 'Training needs some: hold fewer out with "dataset.validation".',
  validation: 'Hold some out of the training images with "dataset.validation".',
  test: 'The folder is incomplete.',
};

/** A training that a run will do, and where its settings stand in the config. */
interface PlannedTraining {
  readonly batchSize: number;
  readonly place: string;
}

/**
 * Throws `DATASET_INVALID` without training images and `MODEL_UNSUPPORTED` for a network that has nothing to
 * learn, before a run begins. Says so where a batch takes more images than there are, and
 * where weights have constraints, which training leaves out.
 */
export function requireTrainable(
  graph: LayerGraph,
  dataset: Dataset,
  model: string,
  { batchSize, place }: PlannedTraining,
  onNotice?: (text: string) => void,
): void {
  requireImages(dataset, ['train']);
  if (!graph.layers.some((layer) => !isFrozen(layer) && layer.weights.some(({ trainable }) => trainable))) {
    throw new TersorError(
      'MODEL_UNSUPPORTED',
      `All layers of ${model} are frozen (trainable: false), so "${place}" has nothing to train.`,
      {
        hint:
          place === 'train'
            ? 'Save the model with the layers to train unfrozen.'
            : `${place.endsWith('.refine') ? `Leave "${place}" out` : `Set "${place}.epochs" to 0`}, or save the model with the layers to train unfrozen.`,
      },
    );
  }
  const constrained = graph.layers.filter(({ config }) => constraintsOf(config).length > 0);
  if (constrained.length > 0)
    onNotice?.(
      `${model} has constraints on weights (${[...new Set(constrained.flatMap(({ config }) => constraintsOf(config)))].join(', ')}), ` +
        `those of ${constrained.map(({ name }) => `"${name}"`).join(', ')}: ` +
        'training here does not keep to them, and what is written has none.',
    );
  const images = dataset.size('train');
  if (batchSize > images)
    onNotice?.(
      `${place}.batchSize is ${batchSize}, but there are only ${images} training images: ` +
        (place.endsWith('.refine')
          ? 'a step is with all of them.'
          : 'an epoch is one step with all of them.'),
    );
}

/**
 * All that is asked of a network and a data set before a compression begins. Throws the codes of
 * `requireFitting`, `requireImages` and `requireTrainable`.
 */
export function requireCompressible(
  graph: LayerGraph,
  dataset: Dataset,
  config: CompressConfig,
  onNotice?: (text: string) => void,
): void {
  const model = modelParts(config.model).path;
  requireFitting(graph, dataset, model);
  requireImages(dataset, ['validation', 'test']);
  // What is true of both fine-tunes is said once.
  const said = new Set<string>();
  const sayOnce = (text: string) => {
    if (!said.has(text)) onNotice?.(text);
    said.add(text);
  };
  for (const stage of ['prune', 'quantize'] as const) {
    const { finetune, refine } = config[stage] ?? {};
    const { epochs = 0, batchSize = 0 } = finetune ?? {};
    if (refine)
      requireTrainable(
        graph,
        dataset,
        model,
        { batchSize: refine.batchSize, place: `${stage}.refine` },
        sayOnce,
      );
    if (epochs > 0)
      requireTrainable(graph, dataset, model, { batchSize, place: `${stage}.finetune` }, sayOnce);
  }
}

type Shape = readonly (number | undefined)[];

function shapesOf(graph: LayerGraph, calls: readonly number[]): Shape[] {
  return calls.map((call) => graph.calls[call]!.outputShape);
}

function written(shape: Shape): string {
  return shape.map((size) => size ?? 'any').join('x');
}

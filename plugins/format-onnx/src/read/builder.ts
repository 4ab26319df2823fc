import type { GraphLayer, LayerCall, WeightTensor } from '@tersor/core';
import { Refusal, isKernel } from '@tersor/network';
import { isSame, isSameSet, lengthOf, orderOf, type Factor, type Tensor } from './layout/tensor.js';

type Axes = readonly (readonly Factor[])[];

/** Most values in a layer's output for one image: 1 GiB. */
const MAX_VALUES = 2 ** 28;
const MAX_CALLS = 16_384;

/** A layer to create: its class, its config without the name, its weights. */
export interface NewLayer {
  readonly className: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly weights?: readonly WeightTensor[];
}

/**
 * A network that is being built. Every layer has one call, with the same index. Layers are named when all
 * layers of a node exist: the one with the kernel, or else the last, gets the name of the node; others get
 * names derived from it.
 */
export interface Builder {
  readonly layers: readonly GraphLayer[];
  readonly calls: readonly LayerCall[];
  /** Adds a layer with a call; returns the index of the call. */
  call(layer: NewLayer, inputs: readonly Tensor[], outputShape: readonly number[]): number;
  /** Like `call`, for a layer that keeps the shape of its only input. */
  apply(layer: NewLayer, input: Tensor): Tensor;
  /** Starts a node: layers added from here on are named after it. */
  begin(name: string): void;
  /** Names the layers of the last node. */
  finish(): void;
}

/** A trainable weight of a new layer. */
export function weight(
  name: string,
  shape: readonly number[],
  data: Float32Array,
  trainable = true,
): WeightTensor {
  return { name, shape, data, trainable };
}

export function createBuilder(): Builder {
  const layers: GraphLayer[] = [];
  const calls: LayerCall[] = [];
  // TensorFlow.js keeps layers in plain objects, which have these already.
  const taken = new Set(Object.getOwnPropertyNames(Object.prototype));
  /** Calls that already change a shape, by call and change. */
  const shared = new Map<string, number>();
  let wanted = 'layer';
  let first = 0;

  const unique = (base: string): string => {
    let name = base;
    for (let i = 1; taken.has(name); i++) name = `${base}_${i}`;
    taken.add(name);
    return name;
  };

  const settle = () => {
    const own = layers.slice(first);
    const kernel = own.findLastIndex(({ weights }) => weights.some(isKernel));
    const main = kernel >= 0 ? kernel : own.length - 1;
    if (main >= 0) rename(first + main, wanted);
    own.forEach((layer, i) => i !== main && rename(first + i, `${wanted}/${wordOf(layer.className)}`));
    first = layers.length;
  };

  const rename = (index: number, base: string) => {
    const layer = layers[index]!;
    const name = unique(base);
    layers[index] = { ...layer, name, config: { ...layer.config, name } };
    calls[index] = { ...calls[index]!, layer: name };
  };

  const call: Builder['call'] = ({ className, config = {}, weights = [] }, inputs, outputShape) => {
    const values = outputShape.reduce((product, size) => product * size, 1);
    if (!(values <= MAX_VALUES && values > 0))
      throw new Refusal(`has an output of ${values} values per image; the limit is ${MAX_VALUES}`);
    if (calls.length >= MAX_CALLS) throw new Refusal(`is one of over ${MAX_CALLS} layers`);
    const from = inputs.map((input) => input.call);
    const key = JSON.stringify([className, config, from]);
    const isShape = ['Reshape', 'Flatten', 'Permute'].includes(className);
    const known = isShape ? shared.get(key) : undefined;
    if (known !== undefined) return known;
    const index = layers.push({ name: '', className, config, weights }) - 1;
    calls.push({ layer: '', inputs: from, outputShape });
    if (isShape) shared.set(key, index);
    return index;
  };

  return {
    layers,
    calls,
    call,
    apply: (layer, input) => ({ ...input, call: call(layer, [input], shapeOf(input)) }),
    begin: (name) => {
      settle();
      wanted = legalName(name);
    },
    finish: settle,
  };
}

/** Name suffix for an additional layer of a node, in the style of Keras: `zero_padding2d`. */
function wordOf(className: string): string {
  return className
    .replace(/^Tersor/, '')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** The shape of one sample in memory. */
function shapeOf({ lies }: Pick<Tensor, 'lies'>): number[] {
  return lies.map(lengthOf);
}

/**
 * Makes a name legal for a layer with weights in TensorFlow.js: letters, digits and `-._/`, a letter or digit
 * first. Node names of PyTorch begin with slashes and underscores.
 */
function legalName(name: string): string {
  return name.replace(/[^-\w./]/g, '_').replace(/^[^A-Za-z0-9]+/, '') || 'layer';
}

/**
 * The tensor with another memory layout. Adds nothing if it has that already, a Reshape if only the
 * boundaries of axes differ, a channel shuffle if channels are reordered, and otherwise a Permute.
 */
export function lying(build: Builder, tensor: Tensor, lies: Axes): Tensor {
  const wanted = lies.flat();
  const current = tensor.lies.flat();
  if (!isSameSet(wanted, current)) throw new Error('Other factors were asked for than there are.');
  const moved = isSame(wanted, current) ? tensor : permuted(build, tensor, current, wanted);
  return regrouped(build, moved, lies);
}

/** The tensor with each axis of the file as an axis of the network, in the given order. */
export function spread(build: Builder, tensor: Tensor, order: readonly number[] = orderOf(tensor)): Tensor {
  return lying(
    build,
    tensor,
    order.map((axis) => tensor.axes[axis]!),
  );
}

/** The tensor with the given axes of the file as its last axis in memory, in any order. */
export function withLast(build: Builder, tensor: Tensor, axes: readonly number[]): Tensor {
  return withLastFactors(
    build,
    tensor,
    axes.flatMap((axis) => tensor.axes[axis]!),
  );
}

/** The tensor with some of its factors as its last axis in memory, in their current order. */
export function withLastFactors(build: Builder, tensor: Tensor, factors: readonly Factor[]): Tensor {
  if (isSameSet(tensor.lies.at(-1)!, factors)) return tensor;
  const isOne = (factor: Factor) => factors.includes(factor);
  const others = tensor.lies
    .map((axis) => axis.filter((factor) => !isOne(factor)))
    .filter((axis) => axis.length > 0);
  return lying(build, tensor, [...others, tensor.lies.flat().filter(isOne)]);
}

function regrouped(build: Builder, tensor: Tensor, lies: Axes): Tensor {
  const shape = lies.map(lengthOf);
  if (shape.join() === shapeOf(tensor).join()) return { ...tensor, lies };
  const layer: NewLayer =
    shape.length === 1 ? { className: 'Flatten' } : { className: 'Reshape', config: { target_shape: shape } };
  return { ...tensor, call: build.call(layer, [tensor], shape), lies };
}

function permuted(
  build: Builder,
  tensor: Tensor,
  current: readonly Factor[],
  wanted: readonly Factor[],
): Tensor {
  const blocks = runs(current, wanted);
  const target = [...blocks].sort((a, b) => wanted.indexOf(a[0]!) - wanted.indexOf(b[0]!));
  const [outer, inner] = [blocks.at(-2)!, blocks.at(-1)!];
  const isShuffle =
    isSame([...inner, ...outer], wanted.slice(-inner.length - outer.length)) &&
    isSameSet(tensor.lies.at(-1)!, [...outer, ...inner]);
  if (isShuffle && blocks.slice(0, -2).every((block, i) => block === target[i])) {
    const layer = { className: 'TersorChannelShuffle', config: { groups: lengthOf(outer) } };
    const lies = [...tensor.lies.slice(0, -1), [...inner, ...outer]];
    return { ...tensor, call: build.call(layer, [tensor], shapeOf(tensor)), lies };
  }
  const apart = regrouped(build, tensor, blocks);
  const dims = target.map((block) => blocks.indexOf(block) + 1);
  const layer = { className: 'Permute', config: { dims } };
  return { ...apart, call: build.call(layer, [apart], target.map(lengthOf)), lies: target };
}

/** The longest runs of factors that are adjacent in both orders, in the order of the first. */
function runs(current: readonly Factor[], wanted: readonly Factor[]): Factor[][] {
  const blocks: Factor[][] = [];
  current.forEach((factor, i) => {
    const before = current[i - 1];
    const follows = before !== undefined && wanted.indexOf(factor) === wanted.indexOf(before) + 1;
    if (follows) blocks.at(-1)!.push(factor);
    else blocks.push([factor]);
  });
  return blocks;
}

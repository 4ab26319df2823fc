import { isRecord } from '@tersor/core';
import type { Part } from './part.js';
import { isReference, type Call } from './tensors.js';

/** What an operation on tensors becomes, and which of its parts each of its outputs is. */
export interface Moved {
  readonly parts: readonly Part[];
  /** Indexes of parts; left out, the last is the only output. */
  readonly outputs?: readonly number[];
}

/** What an operation is given: its call, its config, and the shape of its first tensor, with the batch. */
interface Given {
  readonly call: Call;
  readonly config: Readonly<Record<string, unknown>>;
  readonly shape: readonly unknown[];
}

/** A cut of one axis. */
interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Parts that an axis is cut into, at most: a damaged file may ask for billions. */
const MOST_PARTS = 4096;

/** Operations of Keras 3 that compute no values, but choose or order them; a text says why there are none. */
export const MOVES: Readonly<Record<string, (given: Given) => Moved | string>> = {
  GetItem: taken,
  Split: split,
  Concatenate: ({ config }) => one('Concatenate', { axis: config['axis'] ?? -1 }),
  Reshape: ({ config }) => {
    const target = config['newshape'];
    return isNumbers(target) && target.length > 1 && target[0] === -1 && !target.slice(1).includes(-1)
      ? one('Reshape', { target_shape: target.slice(1) })
      : `has newshape: ${JSON.stringify(target)}, of which -1 for the batch and then numbers are read`;
  },
  Transpose: ({ config }) => {
    const { axes } = config;
    return isNumbers(axes) && axes[0] === 0 && axes.length > 1
      ? one('Permute', { dims: axes.slice(1) })
      : `has axes: ${JSON.stringify(axes ?? null)}, which moves the batch`;
  },
};

function one(className: string, config: Part['config']): Moved {
  return { parts: [{ className, config }] };
}

/** `x[:, 2:5, ..., ::2]`: a cut for each axis that is not whole. */
function taken({ call, shape }: Given): Moved | string {
  const key: unknown = call.args[1] ?? call.named['key'];
  const entries: readonly unknown[] = Array.isArray(key) && !isReference(key) ? key : [key];
  const isRest = (entry: unknown) => isRecord(entry) && entry['class_name'] === '__ellipsis__';
  const rest = entries.findIndex(isRest);
  const cuts: Cut[] = [];
  for (const [i, entry] of entries.entries()) {
    if (i === rest) continue;
    const axis = rest >= 0 && i > rest ? shape.length - entries.length + i : i;
    const range = isRecord(entry) && entry['class_name'] === '__slice__' ? entry['config'] : undefined;
    if (!isRecord(range)) return 'takes something other than a range of an axis';
    const cut = cutOf(range, axis, shape[axis]);
    if (typeof cut === 'string') return cut;
    if (cut) cuts.push(cut);
  }
  if (cuts.length === 0) return one('Activation', { activation: 'linear' });
  return { parts: cuts.map((cut, i) => sliced(cut, i < cuts.length - 1 ? `axis_${cut.axis}` : undefined)) };
}

/** The cut that a range of Python makes, none where it takes all. */
function cutOf(range: Readonly<Record<string, unknown>>, axis: number, length: unknown) {
  const [start, stop, step] = ['start', 'stop', 'step'].map((name) => range[name] ?? undefined);
  if (start === undefined && stop === undefined && (step === undefined || step === 1)) return undefined;
  if (axis === 0) return 'cuts the batch';
  const open = `cuts axis ${axis}, and the file does not say its length`;
  if (typeof length !== 'number') return open;
  const place = (value: unknown, otherwise: number) => {
    const index = value === undefined ? otherwise : Number(value);
    return Math.min(length, Math.max(0, index < 0 ? index + length : index));
  };
  const cut = { axis, start: place(start, 0), end: place(stop, length), step: Number(step ?? 1) };
  const isWhole = [cut.start, cut.end, cut.step].every(Number.isInteger);
  return isWhole && cut.step >= 1 && cut.end > cut.start
    ? cut
    : `takes nothing of axis ${axis}, or takes it backwards`;
}

/** `keras.ops.split`: equal parts, or parts between the given places. */
function split({ config, shape }: Given): Moved | string {
  const { indices_or_sections: stated, axis = 0 } = config;
  const own = Number(axis) < 0 ? Number(axis) + shape.length : Number(axis);
  const length = shape[own];
  if (own === 0) return 'cuts the batch';
  if (typeof length !== 'number') return `cuts axis ${own}, and the file does not say its length`;
  const isCount = typeof stated === 'number';
  const isEven = isCount && Number.isInteger(stated) && stated >= 1 && length % stated === 0;
  if (isCount ? !isEven : !isNumbers(stated))
    return `has indices_or_sections: ${JSON.stringify(stated)}, where the axis is ${length} long`;
  if (isCount && stated > MOST_PARTS) return `cuts an axis into ${stated} parts, more than ${MOST_PARTS}`;
  const inner = isCount
    ? Array.from({ length: stated - 1 }, (_, i) => ((i + 1) * length) / stated)
    : (stated as readonly number[]);
  const places = [0, ...inner, length];
  if (places.some((place, i) => i > 0 && !(place > places[i - 1]!))) return 'cuts an axis into nothing';
  const parts = places.slice(1).map((end, i): Part => {
    const isLast = i === places.length - 2;
    const cut = { axis: own, start: places[i]!, end, step: 1 };
    return { ...sliced(cut, isLast ? undefined : String(i)), inputs: [{ input: 0 }] };
  });
  return { parts, outputs: parts.map((_, i) => i) };
}

function sliced(cut: Cut, ending: string | undefined): Part {
  return { className: 'TersorSlice', config: { ...cut }, ending };
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(Number.isInteger);
}

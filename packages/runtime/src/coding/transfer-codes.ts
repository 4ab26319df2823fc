import { SymbolModel } from './symbol-model.js';

/**
 * Codes a symbol in a context of an adaptive model. An encoder writes the given symbol and returns it; a
 * decoder ignores it and returns the one that it reads.
 */
export interface SymbolCoder {
  symbol(model: SymbolModel, context: number, symbol: number): number;
}

/** How the codes of a weight array are laid out and coded. */
export interface CodeLayout {
  readonly shape: readonly number[];
  readonly bits: number;
  /** Whether contexts depend on neighbours in the kernel's plane. */
  readonly spatial: boolean;
  /** Whether a map comes first of the slices that consist of their reference code only. */
  readonly sliceMap: boolean;
  /**
   * Reference code (that of zero, if there is one) of each slice, that is of each pair of the last two
   * indexes.
   */
  readonly reference: Uint8Array;
}

const MAP_CONTEXTS = 16;
const SPATIAL_CONTEXTS = 8;

/**
 * Number of slices: the product of the last two sizes. A slice of a 3x3 kernel has 3x3 weights; an array of
 * rank 1 has one slice per value.
 */
export function sliceCount(shape: readonly number[]): number {
  return shape.slice(-2).reduce((product, size) => product * size, 1);
}

/**
 * Passes all codes of an array through `coder`: an encoder reads them from `codes`, a decoder writes them
 * there. Both use this function, so that they cannot disagree.
 *
 * With `spatial` there are 8 contexts, chosen by the sum of the left and upper neighbours' distances from the
 * reference code in the same slice; without it there is one.
 */
export function transferCodes(coder: SymbolCoder, codes: Uint8Array, layout: CodeLayout): void {
  const { bits, spatial, reference, shape } = layout;
  const slices = sliceCount(shape);
  const empty = layout.sliceMap ? transferMap(coder, codes, slices, shape.at(-1)!, reference) : undefined;
  const model = new SymbolModel(spatial ? SPATIAL_CONTEXTS : 1, 2 ** bits);
  const width = shape.at(-3) ?? 1;
  const level = neighbourLevels(bits);
  const origin = level.length >> 1;
  const positions = slices === 0 ? 0 : codes.length / slices;
  for (let position = 0; position < positions; position++) {
    const start = position * slices;
    const left = spatial && position % width > 0 ? slices : 0;
    const above = spatial && position >= width ? width * slices : 0;
    for (let slice = 0; slice < slices; slice++) {
      if (empty && empty[slice] === 1) continue;
      const at = start + slice;
      let context = 0;
      if (left + above > 0) {
        const zero = reference[slice]!;
        let sum = origin;
        if (left > 0) sum += codes[at - left]! - zero;
        if (above > 0) sum += codes[at - above]! - zero;
        context = level[sum]!;
      }
      codes[at] = coder.symbol(model, context, codes[at]!);
    }
  }
}

/**
 * Codes one bit per slice: 1 if all its codes are the reference code. Contexts are the bits of the two
 * preceding slices in each direction, so that whole channels of zeros cost next to nothing. Fills in the
 * codes of such slices and returns the map, one byte per slice.
 */
function transferMap(
  coder: SymbolCoder,
  codes: Uint8Array,
  slices: number,
  columns: number,
  reference: Uint8Array,
): Uint8Array {
  const zero = new Uint8Array(slices).fill(1);
  for (let at = 0; at < codes.length; at++) if (codes[at] !== reference[at % slices]) zero[at % slices] = 0;
  const model = new SymbolModel(MAP_CONTEXTS, 2);
  for (let slice = 0; slice < slices; slice++) {
    let context = 0;
    if (slice >= 1) context |= zero[slice - 1]!;
    if (slice >= 2) context |= zero[slice - 2]! << 1;
    if (slice >= columns) context |= zero[slice - columns]! << 2;
    if (slice >= 2 * columns) context |= zero[slice - 2 * columns]! << 3;
    zero[slice] = coder.symbol(model, context, zero[slice]!);
  }
  for (let at = 0; at < codes.length; at++) if (zero[at % slices] === 1) codes[at] = reference[at % slices]!;
  return zero;
}

/**
 * Context 1..7 for each sum of two distances from a reference code; the middle of the table is 0. Coarser
 * steps for wider codes.
 */
export function neighbourLevels(bits: number): Uint8Array {
  const reach = 2 * (2 ** bits - 1);
  const coarse = bits > 4 ? 2 : 1;
  return Uint8Array.from({ length: 2 * reach + 1 }, (_, i) => {
    const distance = Math.abs(i - reach);
    const level = distance === 0 ? 0 : Math.min(3, 1 + Math.floor((31 - Math.clz32(distance)) / coarse));
    return 1 + (i < reach && level > 0 ? level + 3 : level);
  });
}

/**
 * Encoder and decoder keep the range in [2^22, 2^30), so that the decoder's numbers are small integers in
 * every JavaScript engine.
 */
export const RANGE_START = 2 ** 30 - 1;
export const RANGE_LIMIT = 2 ** 22;

/** Frequencies of a context add up to 2^15. */
export const TOTAL_BITS = 15;

const TOTAL = 1 << TOTAL_BITS;
/** Symbols between two updates of a context's frequencies: an eighth of those seen, within these bounds. */
const SHORTEST_GAP = 4;
const LONGEST_GAP = 4096;
/** Counts are halved when their sum reaches this, so that old symbols weigh less. */
const COUNT_LIMIT = 1 << 16;

/**
 * Adaptive frequencies of symbols 0..size-1 in a number of contexts. A symbol that occurred n times among N
 * has the probability (2 n + 1) / (2 N + size) (Krichevsky and Trofimov, 1981). Probabilities are updated
 * each time N has grown by an eighth, which costs next to nothing per symbol, and the file needs no table.
 * Only integers are used, so that all readers agree.
 */
export class SymbolModel {
  /** Start of each symbol's share of 2^15; `size + 1` entries per context. */
  readonly starts: Uint16Array;
  private readonly counts: Uint32Array;
  private readonly totals: Uint32Array;
  private readonly seen: Uint32Array;
  private readonly next: Uint32Array;
  /** For each 1/256 of the total, the symbol at its first value, from which a search starts. */
  private readonly entries: Uint8Array;

  constructor(
    contexts: number,
    readonly size: number,
  ) {
    this.starts = new Uint16Array(contexts * (size + 1));
    this.counts = new Uint32Array(contexts * size).fill(1);
    this.totals = new Uint32Array(contexts).fill(size);
    this.seen = new Uint32Array(contexts);
    this.next = new Uint32Array(contexts).fill(SHORTEST_GAP);
    this.entries = new Uint8Array(contexts * 256);
    for (let context = 0; context < contexts; context++) this.rebuild(context);
  }

  /** The symbol whose share holds `value` < 2^15. */
  find(context: number, value: number): number {
    const base = context * (this.size + 1) + 1;
    let symbol = this.entries[(context << 8) | (value >> (TOTAL_BITS - 8))]!;
    while (this.starts[base + symbol]! <= value) symbol++;
    return symbol;
  }

  update(context: number, symbol: number): void {
    this.counts[context * this.size + symbol]! += 2;
    if (++this.seen[context]! === this.next[context]) this.adapt(context);
  }

  private adapt(context: number): void {
    const { size, counts } = this;
    const seen = this.seen[context]!;
    this.next[context] = seen + Math.max(SHORTEST_GAP, Math.min(LONGEST_GAP, seen >> 3));
    const from = context * size;
    let total = 0;
    for (let i = from; i < from + size; i++) total += counts[i]!;
    if (total > COUNT_LIMIT) {
      total = 0;
      for (let i = from; i < from + size; i++) total += counts[i] = (counts[i]! + 1) >> 1;
    }
    this.totals[context] = total;
    this.rebuild(context);
  }

  private rebuild(context: number): void {
    const { size, starts, entries } = this;
    const base = context * (size + 1);
    const total = this.totals[context]!;
    let start = 0;
    let entry = context << 8;
    for (let symbol = 0; symbol < size; symbol++) {
      starts[base + symbol] = start;
      // Every symbol needs a share of at least 1 so that it can be coded.
      start += 1 + Math.floor((this.counts[context * size + symbol]! * (TOTAL - size)) / total);
      for (const end = (context << 8) + Math.ceil(start / 128); entry < end; entry++) entries[entry] = symbol;
    }
    // The last symbol gets the remainder of rounding.
    starts[base + size] = TOTAL;
    for (const end = (context + 1) << 8; entry < end; entry++) entries[entry] = size - 1;
  }
}

/** Codes one binary decision in the context `index`: an encoder takes `bit` and gives it back, a decoder ignores it and gives the one read. */
export interface BitCoder {
  bit(index: number, bit: number): number;
}

/** Both ends keep the range in [2^22, 2^30): all numbers of the decoder are small integers in every JavaScript engine. */
export const RANGE_START = 2 ** 30 - 1;
export const RANGE_LIMIT = 2 ** 22;

const ONE = 1 << 22;
const COUNT_LIMIT = 255;
const RATE = Int32Array.from({ length: COUNT_LIMIT + 1 }, (_, count) => Math.floor(4096 / (count + 1.5)));

/**
 * Adaptive probabilities, one per context, in 22-bit fixed point. Each moves towards the bits seen by 1 / (count + 1.5) of the distance: the
 * running mean, so that it learns as fast as the data allow, and no slower than 1/256 later, so that it follows changes.
 */
export class AdaptiveBits {
  private readonly value: Int32Array;
  private readonly count: Uint8Array;

  constructor(contexts: number) {
    this.value = new Int32Array(contexts).fill(ONE / 2);
    this.count = new Uint8Array(contexts);
  }

  /** Probability that the bit is 1, of 4096: never 0 and never 4096. */
  probability(index: number): number {
    return (this.value[index]! >>> 10) | 1;
  }

  update(index: number, bit: number): void {
    const value = this.value[index]!;
    const count = this.count[index]!;
    const rate = RATE[count]!;
    this.value[index] = bit ? value + ((((ONE - value) >> 3) * rate) >> 9) : value - (((value >> 3) * rate) >> 9);
    if (count < COUNT_LIMIT) this.count[index] = count + 1;
  }
}

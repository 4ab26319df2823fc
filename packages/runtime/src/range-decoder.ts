import { AdaptiveBits, RANGE_LIMIT, RANGE_START, type BitCoder } from './adaptive-bits.js';
import { corrupt } from './artifact-error.js';

/** Bytes that a decoder may read beyond the end: it looks 4 ahead, and the encoder leaves out zeros at the end. */
const BEYOND = 4;

/**
 * Adaptive binary range decoder (Martin, "Range encoding", 1979, with the carry-propagating layout that LZMA made common). Past its bytes it
 * reads zeros; more than 4 of them mean that the bytes were cut, and it throws `ARTIFACT_CORRUPT`: it cannot run on for long.
 */
export class RangeDecoder implements BitCoder {
  private readonly bits: AdaptiveBits;
  private range = RANGE_START;
  private code = 0;
  private at = 0;

  constructor(
    private readonly bytes: Uint8Array,
    contexts: number,
  ) {
    this.bits = new AdaptiveBits(contexts);
    const first = this.next();
    if (first >= 64) throw corrupt('The coded weights do not start as they must.');
    this.code = (first << 24) | (this.next() << 16) | (this.next() << 8) | this.next();
  }

  bit(index: number): number {
    const bound = (this.range >>> 12) * this.bits.probability(index);
    let bit: number;
    if (this.code < bound) {
      this.range = bound;
      bit = 1;
    } else {
      this.code -= bound;
      this.range -= bound;
      bit = 0;
    }
    this.bits.update(index, bit);
    while (this.range < RANGE_LIMIT) {
      this.range <<= 8;
      this.code = (this.code << 8) | this.next();
    }
    return bit;
  }

  /** Throws unless all bytes were used. */
  finish(): void {
    if (this.at < this.bytes.length) throw corrupt('The coded weights are longer than their shape asks for.');
  }

  private next(): number {
    const at = this.at++;
    if (at < this.bytes.length) return this.bytes[at]!;
    if (at >= this.bytes.length + BEYOND) throw corrupt('The coded weights end too early.');
    return 0;
  }
}

import { RANGE_LIMIT, RANGE_START, TOTAL_BITS, type SymbolCoder, type SymbolModel } from '@tersor/runtime';

/** Range encoder: the counterpart of the runtime's decoder. */
export class RangeEncoder implements SymbolCoder {
  private bytes = new Uint8Array(1024);
  private length = 0;
  private range = RANGE_START;
  /** Low end of the range: below 2^33, a carry included. */
  private low = 0;
  /** Bytes 0xff after the last byte that a carry could still change. */
  private pending = 0;
  /** The last byte, or -1 at the start. */
  private cache = -1;

  symbol(model: SymbolModel, context: number, symbol: number): number {
    const unit = this.range >>> TOTAL_BITS;
    const at = context * (model.size + 1) + symbol;
    const low = unit * model.starts[at]!;
    this.range = symbol === model.size - 1 ? this.range - low : unit * model.starts[at + 1]! - low;
    this.low += low;
    while (this.range < RANGE_LIMIT) {
      this.shift();
      this.range <<= 8;
    }
    model.update(context, symbol);
    return symbol;
  }

  /**
   * The bytes: as few as name a number in the last range, without the zeros at the end that the decoder, 4
   * bytes ahead, adds by itself.
   */
  finish(): Uint8Array {
    const least = this.length + this.pending + (this.cache >= 0 ? 1 : 0);
    // The value in [low, low + range) with the most zero bits at its end.
    for (let step = 2 ** 29; step >= 1; step /= 2) {
      const value = Math.ceil(this.low / step) * step;
      if (value >= this.low + this.range) continue;
      this.low = value;
      break;
    }
    for (let i = 0; i < 5; i++) this.shift();
    let end = this.length;
    while (end > least && this.bytes[end - 1] === 0) end--;
    return this.bytes.slice(0, end);
  }

  /**
   * Moves the highest byte of `low` out. A byte 0xff waits until it is known whether a carry comes through
   * it.
   */
  private shift(): void {
    const carry = this.low >= 2 ** 32 ? 1 : 0;
    const top = (this.low / 2 ** 24) & 255;
    if (top === 255 && carry === 0) {
      this.pending++;
    } else {
      if (this.cache >= 0) this.put(this.cache + carry);
      for (; this.pending > 0; this.pending--) this.put(carry ? 0 : 255);
      this.cache = top;
    }
    this.low = (this.low % 2 ** 24) * 256;
  }

  private put(byte: number): void {
    if (this.length === this.bytes.length) {
      const larger = new Uint8Array(2 * this.length);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes[this.length++] = byte;
  }
}

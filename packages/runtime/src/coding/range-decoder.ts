import { corrupt } from '../artifact/artifact-error.js';
import { RANGE_LIMIT, RANGE_START, TOTAL_BITS, type SymbolModel } from './symbol-model.js';
import type { SymbolCoder } from './transfer-codes.js';

/**
 * Bytes that a decoder may read beyond the end: it reads 4 ahead, and the encoder omits trailing zeros.
 */
const BEYOND = 4;
const LAST = (1 << TOTAL_BITS) - 1;

/**
 * Range decoder (Martin, "Range encoding", 1979) with a window of 32 bits. Past the end it reads zeros;
 * needing more than 4 of them means that the bytes were cut off, and throws `ARTIFACT_CORRUPT`, so it always
 * terminates.
 */
export class RangeDecoder implements SymbolCoder {
  private range = RANGE_START;
  private code = 0;
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {
    for (let i = 0; i < 4; i++) this.code = (this.code << 8) | this.next();
    if (this.code < 0 || this.code >= RANGE_START)
      throw corrupt('The coded weights do not start as they must.');
  }

  symbol(model: SymbolModel, context: number): number {
    const unit = this.range >>> TOTAL_BITS;
    // The last symbol's share includes the remainder of the division of the range.
    const share = (this.code / unit) | 0;
    const value = share < LAST ? share : LAST;
    const symbol = model.find(context, value);
    const at = context * (model.size + 1) + symbol;
    const low = unit * model.starts[at]!;
    let range = symbol === model.size - 1 ? this.range - low : unit * model.starts[at + 1]! - low;
    let code = this.code - low;
    while (range < RANGE_LIMIT) {
      range <<= 8;
      code = (code << 8) | this.next();
    }
    this.range = range;
    this.code = code;
    model.update(context, symbol);
    return symbol;
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

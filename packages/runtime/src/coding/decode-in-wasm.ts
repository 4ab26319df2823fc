import { corrupt } from '../artifact/artifact-error.js';
import { decoderCode } from './decoder-code.js';
import { neighbourLevels, sliceCount, type CodeLayout } from './transfer-codes.js';

/** What wasm/range-decoder.as exports. */
interface Decoder {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  decode(...args: number[]): number;
}

/** What is used of `WebAssembly`, which React Native lacks. */
interface WebAssemblyApi {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
}

/** Below it lies what is the compiler's. */
const START = 1024;
const PAGE = 2 ** 16;
/** Linear memory never shrinks: an instance that has more pages than these is let go of after use. */
const KEPT_PAGES = 64;
/** Bytes of a model of `symbols` symbols in 16 contexts, at most. */
const modelBytes = (symbols: number) => 16 * (6 * symbols + 274);

let compiled: object | undefined;
let kept: Decoder | undefined;
let refused = false;

/**
 * Decodes `payload` into `codes` as a `RangeDecoder` does, some times faster: this runs once a page, and
 * WebAssembly is fast from the start. False where there is none, where a page's Content-Security-Policy
 * forbids it, or where there is no memory left; nothing is done then. Throws `ARTIFACT_CORRUPT`.
 */
export function decodeInWasm(payload: Uint8Array, codes: Uint8Array, layout: CodeLayout): boolean {
  const { shape, bits, spatial, sliceMap, reference } = layout;
  const slices = sliceCount(shape);
  const levels = neighbourLevels(bits);
  let end = START;
  const room = (bytes: number): number => {
    const at = end;
    end += Math.ceil(bytes / 8) * 8;
    return at;
  };
  const at = {
    payload: room(payload.length),
    codes: room(codes.length),
    reference: room(reference.length),
    levels: room(levels.length),
    zero: room(sliceMap ? slices : 0),
    model: room(modelBytes(2 ** bits)),
  };
  const decoder = decoderFor(end);
  if (!decoder) return false;
  const memory = new Uint8Array(decoder.memory.buffer);
  memory.set(payload, at.payload);
  memory.set(reference, at.reference);
  memory.set(levels, at.levels);
  const left = run(decoder, [
    ...[at.payload, payload.length, at.codes, codes.length, slices, shape.at(-1) ?? 1, shape.at(-3) ?? 1],
    ...[bits, Number(spatial), Number(sliceMap), at.reference, at.levels, at.zero, at.model],
  ]);
  if (left < 0) throw corrupt('The coded weights do not start as they must.');
  if (left > 0) throw corrupt('The coded weights are longer than their shape asks for.');
  codes.set(memory.subarray(at.codes, at.codes + codes.length));
  if (memory.length > KEPT_PAGES * PAGE) kept = undefined;
  return true;
}

function run(decoder: Decoder, args: readonly number[]): number {
  try {
    return decoder.decode(...args);
  } catch (cause) {
    throw corrupt('The coded weights end too early.', cause);
  }
}

/** A decoder with that much memory, where there can be one. */
function decoderFor(bytes: number): Decoder | undefined {
  const { WebAssembly: api } = globalThis as { WebAssembly?: WebAssemblyApi };
  if (!api || refused) return undefined;
  try {
    compiled ??= new api.Module(Uint8Array.from(atob(decoderCode), (letter) => letter.charCodeAt(0)));
  } catch {
    refused = true;
    return undefined;
  }
  try {
    kept ??= new api.Instance(compiled).exports as Decoder;
    const missing = bytes - kept.memory.buffer.byteLength;
    if (missing > 0) kept.memory.grow(Math.ceil(missing / PAGE));
    return kept;
  } catch {
    kept = undefined;
    return undefined;
  }
}

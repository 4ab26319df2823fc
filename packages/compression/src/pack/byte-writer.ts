import { float16Bits, roundToFloat16 } from '@tersor/core';

/** Bytes of an array of float32, little-endian. */
export function float32Bytes(values: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return new Uint8Array(view.buffer);
}

/** Bytes of an array in half precision, or undefined if a value is not exactly representable in it. */
export function float16Bytes(values: Float32Array): Uint8Array | undefined {
  const view = new DataView(new ArrayBuffer(2 * values.length));
  for (let i = 0; i < values.length; i++) {
    if (!Object.is(roundToFloat16(values[i]!), values[i]!)) return undefined;
    view.setUint16(2 * i, float16Bits(values[i]!), true);
  }
  return new Uint8Array(view.buffer);
}

/** All parts one after the other. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

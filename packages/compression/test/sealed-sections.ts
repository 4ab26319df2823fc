import { deflateSync, inflateSync } from 'node:zlib';
import { crc32, MAGIC, PREAMBLE_BYTES, SECTION_HEAD_BYTES, VERSION } from '@tersor/runtime';

/** The bodies of a packed file's sections, the header first. */
export function sectionsOf(bytes: Uint8Array): Uint8Array[] {
  const sections: Uint8Array[] = [];
  for (let at = PREAMBLE_BYTES; at < bytes.length; ) {
    const start = at + SECTION_HEAD_BYTES;
    at = start + new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
    sections.push(bytes.slice(start, at));
  }
  return sections;
}

/** A packed file of these bodies: lengths and checksums are right, as one who means harm would make them. */
export function sealed(bodies: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const preamble = Uint8Array.of(...MAGIC, VERSION);
  let crc = crc32(preamble);
  const parts: Uint8Array[] = [preamble];
  for (const body of bodies) {
    const head = new DataView(new ArrayBuffer(SECTION_HEAD_BYTES));
    head.setUint32(0, body.length, true);
    crc = crc32(body, crc32(new Uint8Array(head.buffer, 0, 4), crc));
    head.setUint32(4, crc, true);
    parts.push(new Uint8Array(head.buffer), body);
  }
  return Uint8Array.from(Buffer.concat(parts));
}

/** A header section of any JSON, given as a value or as its text. */
export function headerOf(json: unknown): Uint8Array {
  return deflateSync(typeof json === 'string' ? json : JSON.stringify(json));
}

/** The JSON of a header section. */
export function headerJson(body: Uint8Array): {
  topology: Record<string, unknown>;
  weights: [string, number[]][];
  [key: string]: unknown;
} {
  return JSON.parse(inflateSync(body).toString());
}

/** Scalars at one step, as TensorBoard shows them. */
export interface ScalarEvent {
  readonly step: number;
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly values: Readonly<Record<string, number>>;
}

/**
 * A TensorBoard event file: TFRecord frames (length, masked CRC-32C of it, protocol buffer, masked CRC-32C of
 * that; tensorflow/core/lib/io/record_writer.h) around `Event` messages (tensorflow/core/util/event.proto),
 * the first of which names the version.
 */
export function eventFile(events: readonly ScalarEvent[]): Uint8Array {
  const version = message(double(1, events[0]?.wallTime ?? 0), text(3, 'brain.Event:2'));
  return message(record(version), ...events.map((event) => record(encodeEvent(event))));
}

function encodeEvent({ step, wallTime, values }: ScalarEvent): Uint8Array {
  const summary = Object.entries(values).map(([tag, value]) =>
    bytes(1, message(text(1, tag), float(2, value))),
  );
  return message(double(1, wallTime), varintField(2, step), bytes(5, message(...summary)));
}

function record(data: Uint8Array): Uint8Array {
  const frame = new Uint8Array(data.length + 16);
  const view = new DataView(frame.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(frame.subarray(0, 8)), true);
  frame.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return frame;
}

/** TFRecord rotates its checksums, because the data may itself contain checksums. */
function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const POLYNOMIAL = 0x82f63b78;
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  return value;
});

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4). */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 255]!;
  return (crc ^ 0xffffffff) >>> 0;
}

// Protocol buffers' wire format: a key of field number and wire type, then the value.
const [VARINT, FIXED64, LENGTH, FIXED32] = [0, 1, 2, 5];

function message(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function varint(value: number): Uint8Array {
  const digits: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) digits.push(value % 128 | 128);
  return Uint8Array.of(...digits, value);
}

function key(field: number, type: number): Uint8Array {
  return varint(field * 8 + type);
}

function varintField(field: number, value: number): Uint8Array {
  return message(key(field, VARINT!), varint(value));
}

function bytes(field: number, value: Uint8Array): Uint8Array {
  return message(key(field, LENGTH!), varint(value.length), value);
}

function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}

function double(field: number, value: number): Uint8Array {
  return message(key(field, FIXED64!), new Uint8Array(Float64Array.of(value).buffer));
}

function float(field: number, value: number): Uint8Array {
  return message(key(field, FIXED32!), new Uint8Array(Float32Array.of(value).buffer));
}

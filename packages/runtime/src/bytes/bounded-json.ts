import { corrupt } from '../artifact/artifact-error.js';
import { MAX_JSON_CONTAINERS, MAX_JSON_DEPTH } from '../artifact/format.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** The bit that differs between `{` and `[`, and between `}` and `]`. */
const BRACE_BIT = 0x20;

/**
 * Parses JSON from untrusted UTF-8 bytes, with or without a byte order mark. Throws `ARTIFACT_CORRUPT` if it
 * is not UTF-8 or not JSON and, before anything is built, if it is nested too deeply for recursive code such
 * as tfjs's or has more arrays and objects than any network.
 */
export function parseBoundedJson(bytes: Uint8Array): unknown {
  let depth = 0;
  let containers = 0;
  for (let at = 0, quoted = false; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) quoted = !quoted;
    else if (quoted) at += byte === BACKSLASH ? 1 : 0;
    else if ((byte | BRACE_BIT) === 0x7b) {
      if (++depth > MAX_JSON_DEPTH) throw corrupt(`The JSON is nested deeper than ${MAX_JSON_DEPTH} levels.`);
      if (++containers > MAX_JSON_CONTAINERS)
        throw corrupt(`The JSON holds more than ${MAX_JSON_CONTAINERS} arrays and objects.`);
    } else if ((byte | BRACE_BIT) === 0x7d) depth--;
  }
  try {
    return JSON.parse(textOf(bytes));
  } catch (cause) {
    throw corrupt('It is not JSON.', cause);
  }
}

/** Text of UTF-8 bytes, without a byte order mark. Throws for what is not UTF-8. */
function textOf(bytes: Uint8Array): string {
  if (typeof TextDecoder === 'function') return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  // React Native's engine may lack TextDecoder; decodeURIComponent is equally strict.
  let escaped = '';
  for (const byte of bytes) escaped += `%${byte < 16 ? '0' : ''}${byte.toString(16)}`;
  return decodeURIComponent(escaped).replace(/^\ufeff/, '');
}

/** Whether a JSON value is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

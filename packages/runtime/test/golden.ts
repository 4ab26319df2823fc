import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The committed file of version 1 (a fresh copy), and the values that it was made from, by the name of the
 * weight.
 */
export function golden(): {
  bytes: Uint8Array<ArrayBuffer>;
  values: Record<string, { shape: number[]; values: number[] }>;
} {
  return {
    bytes: Uint8Array.from(readFileSync(join(__dirname, 'golden-v1.tersor'))),
    values: JSON.parse(readFileSync(join(__dirname, 'golden-v1.json'), 'utf8')),
  };
}

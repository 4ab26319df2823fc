// One compression of a network whose stage 1 is told beforehand, and the result file that its row goes to.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compress, type Summary } from '@tersor/compression';
import { compressConfigSchema } from '@tersor/core';
import { ROOT, type Measured } from './networks.js';

/** Evaluates by accuracy, without a fine-tune; nothing stays on the disk. */
export async function evaluateOnce(
  { model, dataset }: Measured,
  { backend, seed, prune }: { backend: string; seed: number; prune: Readonly<Record<string, unknown>> },
): Promise<Summary> {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-pruning-'));
  const output = join(folder, 'out');
  try {
    const config = compressConfigSchema.parse({
      model,
      dataset,
      backend,
      seed,
      prune: { search: { episodes: 1 }, reward: 'accuracy', finetune: { epochs: 0 }, ...prune },
      output,
    });
    return await compress({
      config,
      directory: ROOT,
      output,
      searchFrom: [join(ROOT, 'packages/cli')],
      events: { onNotice: (text) => console.log(`note: ${text}`) },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The rows of a result file, by network. */
export function readRows<Row>(file: string): Partial<Record<string, { readonly rows: readonly Row[] }>> {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, { rows: Row[] }>) : {};
}

/**
 * Adds a row, and brings what is said of the network up to date. The file is read again for that, since
 * another network may be measured at the same time.
 */
export function addRow(
  file: string,
  network: string,
  about: Readonly<Record<string, unknown>>,
  row: unknown,
): void {
  const results = readRows(file);
  const result = { ...about, rows: [...(results[network]?.rows ?? []), row] };
  writeFileSync(file, `${JSON.stringify({ ...results, [network]: result }, undefined, 1)}\n`);
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { TersorError, type LatencyTable, type LayerGraph } from '@tersor/core';
import { z } from 'zod';
import { writeWhole } from '../files/write-whole.js';

const counts = z.array(z.int().positive()).min(1);

const layer = z
  .strictObject({
    layer: z.string(),
    className: z.string(),
    inputs: counts,
    outputs: counts,
    milliseconds: z.array(z.array(z.number().min(0))),
  })
  .refine(
    ({ inputs, outputs, milliseconds }) =>
      milliseconds.length === inputs.length && milliseconds.every((row) => row.length === outputs.length),
    'does not have a time for every pair of channel counts',
  )
  .refine(
    ({ inputs, outputs }) =>
      [inputs, outputs].every((list) => list.every((count, i) => i === 0 || count > list[i - 1]!)),
    'has counts that do not ascend',
  );

const table = z.strictObject({
  version: z.literal(1),
  model: z.strictObject({ name: z.string(), fingerprint: z.string() }),
  backend: z.string(),
  browser: z
    .strictObject({
      name: z.string(),
      version: z.string(),
      userAgent: z.string(),
      adapter: z.string().optional(),
      software: z.literal(true).optional(),
      threads: z.int().positive().optional(),
    })
    .optional(),
  machine: z.string(),
  versions: z.record(z.string(), z.string()),
  details: z.record(z.string(), z.union([z.string(), z.number()])),
  images: z.int().positive(),
  transfer: z.number().min(0),
  layers: z.array(layer),
  check: z.array(
    z.strictObject({
      network: z.string(),
      macs: z.number(),
      predicted: z.number(),
      measured: z.number(),
      relativeError: z.number(),
    }),
  ),
});

/**
 * A hash that identifies a network in a latency table: of its layers, shapes and connections, not its
 * weights.
 */
export function fingerprint({ layers, calls, inputs, outputs }: LayerGraph): string {
  const structure = [
    layers.map(({ name, className, weights }) => [
      name,
      className,
      weights.map((weight) => [weight.name, weight.shape]),
    ]),
    calls,
    inputs,
    outputs,
  ];
  return createHash('sha256').update(JSON.stringify(structure)).digest('hex').slice(0, 16);
}

/** What a latency table is needed for. */
export interface TableUse {
  readonly graph: LayerGraph;
  readonly backend: string;
  /**
   * Whether the table must be from a browser. By default it may be; its times are then those of the browser,
   * whatever backend candidates run on.
   */
  readonly inBrowser?: boolean;
}

/**
 * Reads a table for a model and a backend. Throws `LATENCY_TABLE_INVALID` if it is missing, malformed, or was
 * made for others.
 */
export async function readLatencyTable(
  path: string,
  { graph, backend, inBrowser }: TableUse,
): Promise<LatencyTable> {
  const invalid = (message: string, cause?: unknown) =>
    new TersorError('LATENCY_TABLE_INVALID', `${path} ${message}`, {
      cause,
      hint: `Make one with: tersor profile <model> ${inBrowser ? '--browser ' : ''}--backend ${backend} --out ${path}`,
    });
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw invalid(
      (cause as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'does not exist.'
        : `is no latency table: ${(cause as Error).message}.`,
      cause,
    );
  }
  const parsed = table.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`is no latency table: ${issue!.path.join('.') || 'it'}: ${issue!.message}.`);
  }
  const { data } = parsed;
  const where = data.browser ? ` in ${data.browser.name} ${data.browser.version}` : '';
  if (inBrowser !== undefined && inBrowser !== (data.browser !== undefined))
    throw invalid(
      `was measured on the backend "${data.backend}"${where}, but what is asked for is one ${inBrowser ? 'of a browser' : 'outside of a browser'}.`,
    );
  if (data.backend !== backend && (inBrowser || !data.browser))
    throw invalid(`was measured on the backend "${data.backend}"${where}, but this runs on "${backend}".`);
  if (data.model.fingerprint !== fingerprint(graph))
    throw invalid(
      `was measured on another model ("${data.model.name}"): "${graph.name}" has other layers or shapes.`,
    );
  return data;
}

/**
 * Writes a table atomically: on failure, an old file stays and no partial file is left. Throws
 * `OUTPUT_FAILED`.
 */
export async function writeLatencyTable(path: string, data: LatencyTable): Promise<void> {
  try {
    await writeWhole(path, `${JSON.stringify(data, undefined, 1)}\n`);
  } catch (cause) {
    throw new TersorError(
      'OUTPUT_FAILED',
      `The latency table cannot be written to ${path}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

import { messageOf, type Backend, type LatencyTable, type LayerGraph, type PruneLimit } from '@tersor/core';
import { backendMeter, medianLatencies, predictLatency, type LatencyMeter } from '@tersor/network';

/** Runs of each network. */
const REPEATS = 9;

/** Original and result, measured in turns as the latency table of the budget was. */
export interface MeasuredLatency extends Pick<LatencyTable, 'backend' | 'browser' | 'images'> {
  /** Milliseconds for one image, medians. */
  readonly original: number;
  readonly compressed: number;
}

/** Opens what a browser's table was measured in. */
export type OpenMeterOf = (table: LatencyTable) => Promise<LatencyMeter & { close(): Promise<void> }>;

interface Measuring {
  /** Limits of the last round of stage 1. */
  readonly limits: readonly PruneLimit[];
  readonly original: LayerGraph;
  readonly compressed: LayerGraph;
  /** Where candidates were measured: that of a table that is not a browser's. */
  readonly backend: Backend;
  readonly openMeter?: OpenMeterOf | undefined;
  onNotice(text: string): void;
}

/**
 * Measures original and result where a limit predicts milliseconds by a table; undefined where none does.
 * Says so where the result is not faster, and where the table's browser cannot be opened here.
 */
export async function measureLatency(options: Measuring): Promise<MeasuredLatency | undefined> {
  const { limits, original, compressed, onNotice } = options;
  const table = limits.find((limit) => limit.table)?.table;
  if (!table) return undefined;
  try {
    const graphs = [original, compressed];
    const { meter, close } = await meterFor(table, options);
    const timing = { images: table.images, repeats: REPEATS };
    const [before, after] = (await medianLatencies(meter, graphs, timing).finally(close)) as [number, number];
    const { backend, browser } = meter;
    const measured = { backend, ...(browser && { browser }), images: table.images };
    const [was, is] = [before, after].map(milliseconds);
    if (after >= before)
      onNotice(
        `Warning: the compressed network is not faster than the original: an image takes ${is}, and ${was} before, measured in turns on ${whereMeasured(meter)}. The table predicted ${milliseconds(predictLatency(table, compressed))}. ` +
          'If the machine was busy with other work, measure again: tersor profile --fresh.',
      );
    return { ...measured, original: before, compressed: after };
  } catch (error) {
    onNotice(
      `The original and the compressed network were not measured again on ${whereMeasured(table)}: ${messageOf(error)}`,
    );
    return undefined;
  }
}

async function meterFor(
  table: LatencyTable,
  { backend, openMeter }: Measuring,
): Promise<{ meter: LatencyMeter; close: () => Promise<void> }> {
  if (!table.browser) return { meter: await backendMeter(backend), close: async () => undefined };
  if (!openMeter) throw new Error('no browser is opened in this kind of run.');
  const meter = await openMeter(table);
  return { meter, close: meter.close };
}

/** Backend, browser and adapter of times. */
export function whereMeasured({ backend, browser }: Pick<LatencyTable, 'backend' | 'browser'>): string {
  if (!browser) return `backend ${backend}`;
  const { name, version, threads, adapter } = browser;
  const on = adapter ?? `${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return `${backend} in ${name} ${version} (${on})`;
}

function milliseconds(value: number): string {
  return `${value.toPrecision(3)} ms`;
}

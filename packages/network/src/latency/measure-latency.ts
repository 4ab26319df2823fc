import type { Backend, InferenceSession, LayerGraph, LatencyTable } from '@tersor/core';
import { COPIES, emptyGraph, sizeOf, summedCopies } from './site-graph.js';

/** How times are taken. */
export interface TimingOptions {
  /** Images of one run. */
  readonly images: number;
  /** Runs that the median is taken of. */
  readonly repeats: number;
}

/** What networks are timed on: a backend in this process, or a browser. */
export interface LatencyMeter extends Pick<LatencyTable, 'backend' | 'browser' | 'details'> {
  /**
   * Milliseconds for one image of every run that counts, by network. The networks take turns, so that
   * whatever else the machine does falls on all. The images hold made-up values.
   */
  takeTurns(graphs: readonly LayerGraph[], timing: TimingOptions): Promise<readonly (readonly number[])[]>;
}

/** Runs before the first that counts: workers start, code is compiled, memory is taken. */
export const WARM_UP = 2;

/** Median milliseconds for one image of a network. */
export async function medianLatency(
  meter: LatencyMeter,
  graph: LayerGraph,
  timing: TimingOptions,
): Promise<number> {
  const [times] = await meter.takeTurns([graph], timing);
  return median(times!);
}

/** The median of each of several networks, in turns. */
export async function medianLatencies(
  meter: LatencyMeter,
  graphs: readonly LayerGraph[],
  timing: TimingOptions,
): Promise<number[]> {
  return (await meter.takeTurns(graphs, timing)).map(median);
}

/**
 * Milliseconds for one image of what a site's network holds. Two networks take turns: both bring the same
 * images in and add up three results, but one computes them with three layers and the other with one. Half of
 * the difference is the layer alone; all that surrounds it falls out.
 */
export async function siteLatency(
  meter: LatencyMeter,
  site: LayerGraph,
  timing: TimingOptions,
): Promise<number> {
  const [once, thrice] = (await meter.takeTurns(
    [summedCopies(site, 1), summedCopies(site, COPIES)],
    timing,
  )) as [number[], number[]];
  return Math.max(0, median(thrice.map((time, run) => time - once[run]!)) / (COPIES - 1));
}

/**
 * Milliseconds for one image to get in and its result out: half of what empty networks of both sizes take.
 */
export async function transferLatency(
  meter: LatencyMeter,
  inputs: number,
  outputs: number,
  timing: TimingOptions,
): Promise<number> {
  return (
    ((await medianLatency(meter, emptyGraph(inputs), timing)) +
      (await medianLatency(meter, emptyGraph(outputs), timing))) /
    2
  );
}

/** Times networks in sessions of a backend of this process, which is activated here. */
export async function backendMeter(backend: Backend): Promise<LatencyMeter> {
  await backend.activate();
  const availability = await backend.isAvailable();
  return {
    backend: backend.id,
    details: availability.available ? availability.details : {},
    takeTurns: (graphs, timing) => runSessions(backend, graphs, timing),
  };
}

async function runSessions(
  backend: Backend,
  graphs: readonly LayerGraph[],
  { images, repeats }: TimingOptions,
): Promise<number[][]> {
  const sessions: InferenceSession[] = [];
  try {
    for (const graph of graphs) sessions.push(await backend.compile(graph));
    const pixels = graphs.map((graph) =>
      pattern(images * sizeOf(graph.calls[graph.inputs[0]!]!.outputShape)),
    );
    const times: number[][] = graphs.map(() => []);
    for (let run = 0; run < WARM_UP + repeats; run++) {
      for (const [index, session] of sessions.entries()) {
        const started = performance.now();
        await session.run(pixels[index]!);
        if (run >= WARM_UP) times[index]!.push((performance.now() - started) / images);
      }
    }
    return times;
  } finally {
    sessions.forEach((session) => session.dispose());
  }
}

/** Middle value; the mean of the two middle ones of an even count. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
}

/**
 * Values in [-1, 1) without zeros in a row. What they are does not matter: the kernels take the same time for
 * any.
 */
function pattern(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => ((i * 7919) % 2000) / 1000 - 1);
}

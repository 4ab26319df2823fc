import type { Backend, InferenceSession, LayerGraph, LatencyTable } from '@tersor/core';
import { COPIES, emptyGraph, knownSize, summedCopies } from './site-graph.js';

/** How networks are timed. */
export interface TimingOptions {
  /** Images per run. */
  readonly images: number;
  /** Number of runs; the result is their median. */
  readonly repeats: number;
}

/** Where networks are timed: on a backend in this process, or in a browser. */
export interface LatencyMeter extends Pick<LatencyTable, 'backend' | 'browser' | 'details'> {
  /**
   * Times several networks in turns, so that other load on the machine affects all of them. Returns
   * milliseconds per image for each network and run, without warm-up runs. The images have synthetic values.
   */
  takeTurns(graphs: readonly LayerGraph[], timing: TimingOptions): Promise<readonly (readonly number[])[]>;
}

/** Number of warm-up runs, in which workers start, code is compiled and memory is allocated. */
export const WARM_UP = 2;

/** Median time of a network in milliseconds per image. */
export async function medianLatency(
  meter: LatencyMeter,
  graph: LayerGraph,
  timing: TimingOptions,
): Promise<number> {
  const [times] = await meter.takeTurns([graph], timing);
  return median(times!);
}

/** Median times of several networks that take turns, in milliseconds per image. */
export async function medianLatencies(
  meter: LatencyMeter,
  graphs: readonly LayerGraph[],
  timing: TimingOptions,
): Promise<number[]> {
  return (await meter.takeTurns(graphs, timing)).map(median);
}

/**
 * Time of a site in milliseconds per image, without the overhead around it. Two networks take turns. Both
 * read the same images and add up three results, but one computes the site three times and the other once, so
 * half of the difference is the site itself.
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
 * Time to transfer one image in and its result out, in milliseconds: the mean of empty networks of both
 * sizes.
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

/** Activates a backend of this process, and times networks on it. */
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
      pattern(images * knownSize(graph.calls[graph.inputs[0]!]!.outputShape)),
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

/** Median; the mean of the two middle values for an even count. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
}

/**
 * Values in [-1, 1) that are mostly not 0. Other than that they do not matter: kernels take the same time for
 * any values.
 */
function pattern(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => ((i * 7919) % 2000) / 1000 - 1);
}

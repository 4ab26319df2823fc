import { renameSync, writeFileSync } from 'node:fs';
import { median } from '../median.js';

/** The sides of a measure took turns; seconds of each, round by round. */
export interface Measure {
  readonly name: string;
  readonly network: string;
  /** What was run: images, batch size and the like. */
  readonly setting: Readonly<Record<string, string | number>>;
  /** Images that a side's seconds are for; a rate is these over the median of the seconds. */
  readonly images: number;
  readonly sides: readonly Side[];
}

interface Side {
  readonly name: string;
  readonly seconds: readonly number[];
  readonly imagesPerSecond: number;
}

/** The result file, written anew whenever something is known: a run that is cut off loses nothing. */
export interface RecordFile {
  readonly add: (measure: Measure) => void;
  readonly set: (name: string, value: unknown) => void;
  readonly fail: (what: string, cause: unknown) => void;
}

export function openRecord(path: string): RecordFile {
  const record: Record<string, unknown> = {};
  const results: Measure[] = [];
  const failures: string[] = [];
  const write = () => {
    writeFileSync(`${path}.part`, `${JSON.stringify({ ...record, results, failures }, undefined, 1)}\n`);
    renameSync(`${path}.part`, path);
  };
  return {
    set: (name, value) => {
      record[name] = value;
      write();
    },
    add: (measure) => {
      results.push(measure);
      write();
      const rates = measure.sides.map(
        ({ name, imagesPerSecond }) => `${name} ${imagesPerSecond.toFixed(0)}/s`,
      );
      const setting = Object.entries(measure.setting).map(([key, value]) => `${key} ${value}`);
      console.log(`${measure.name}, ${measure.network}, ${setting.join(', ')}: ${rates.join('; ')}`);
    },
    fail: (what, cause) => {
      failures.push(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`);
      write();
      console.log(`FAILED ${failures.at(-1)}`);
    },
  };
}

/** Something that is timed; gives the seconds, or nothing where it cannot run. */
export type Timed = () => Promise<number>;

/**
 * Runs the sides of a measure in turns, after one untimed turn each. A side that fails is left out, and the
 * failure recorded.
 */
export async function inTurns(
  file: RecordFile,
  measure: Omit<Measure, 'sides'>,
  sides: Readonly<Record<string, Timed | undefined>>,
  rounds: number,
): Promise<void> {
  const times = new Map<string, number[]>();
  for (const [name, run] of Object.entries(sides)) if (run) times.set(name, []);
  for (let round = 0; round <= rounds; round++)
    for (const [name, seconds] of [...times]) {
      try {
        const taken = await sides[name]!();
        if (round > 0) seconds.push(taken);
      } catch (error) {
        times.delete(name);
        file.fail(`${measure.name}, ${measure.network}, ${name}`, error);
      }
    }
  if (times.size === 0) return;
  file.add({
    ...measure,
    sides: [...times].map(([name, seconds]) => ({
      name,
      seconds,
      imagesPerSecond: measure.images / median(seconds),
    })),
  });
}

export async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
}

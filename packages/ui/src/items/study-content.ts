import type { NetworkFigures, Outcomes } from '@tersor/compression';
import {
  curvesOf,
  folderStore,
  readEpisodes,
  readTrial,
  summarizeStudy,
  trialRow,
  type EpisodeLine,
  type StudyRecord,
  type StudyReportInput,
  type StudyResults,
  type TrialRecord,
  type TrialRow,
} from '@tersor/study';
import type { KnownResults } from './known-results.js';

/** How a trial ended, and when its file says so. */
export interface TrialEnd {
  readonly stamp: number;
  readonly status: TrialRecord['status'];
}

/** What the trials of a study gave. What has not changed is not read again: they may be ten thousand. */
export interface StudyContent {
  /** Every trial, in the order of the plan. */
  rows(): Promise<readonly TrialRow[]>;
  /** Some of them, from one on: only these are read. */
  some(from: number, count: number): Promise<{ readonly rows: readonly TrialRow[]; readonly total: number }>;
  /** What the page of the study shows; undefined as long as it has no whole `study.json`. */
  input(): Promise<StudyReportInput | undefined>;
}

/** What is kept of a trial. */
interface Kept {
  readonly stamp: number;
  readonly row: Omit<TrialRow, 'variant' | 'seed' | 'trial'>;
  readonly outcomes: Outcomes | undefined;
  readonly original: NetworkFigures | undefined;
}

/** Of episodes, what curves are drawn from. */
type Curve = readonly Pick<EpisodeLine, 'stage' | 'round' | 'episode' | 'reward'>[];

const MISSING = trialRow(undefined);
/** Trials that are read at the same time. */
const AT_ONCE = 32;
const STAGES = ['prune', 'quantize'] as const;

/** @param seen what the last look at the folder found */
export function createStudyContent(
  folder: string,
  seen: () => {
    readonly record: StudyRecord | undefined;
    readonly ends: ReadonlyMap<string, TrialEnd>;
    readonly results: KnownResults | undefined;
  },
): StudyContent {
  const store = folderStore(folder);
  const kept = new Map<string, Kept>();
  const curves = new Map<string, { readonly stamp: number; readonly curve: Curve }>();
  let rows: TrialRow[] = [];
  let reading: Promise<readonly TrialRow[]> | undefined;

  const keep = async (id: string, { stamp }: TrialEnd) => {
    if (kept.get(id)?.stamp === stamp) return;
    const found = await readTrial(store, id).catch(() => undefined);
    const original = found?.summary?.baseline;
    kept.set(id, { stamp, row: trialRow(found), outcomes: found?.outcomes, original });
  };
  /** `results.json`, where every trial is in it as it is. */
  const whole = (): StudyResults | undefined => {
    const { record, ends, results } = seen();
    if (!results || record?.cells.length !== results.results.trials.length) return undefined;
    const isIn = ({ variant, seed, trial }: StudyRecord['cells'][number], index: number) => {
      const row = results.results.trials[index]!;
      const end = ends.get(trial);
      const isSame = row.variant === variant && row.seed === seed && row.trial === trial;
      return isSame && row.status === (end?.status ?? 'missing') && (end?.stamp ?? 0) <= results.stamp;
    };
    return record.cells.every(isIn) ? results.results : undefined;
  };
  const read = async () => {
    const { record, ends } = seen();
    const known = whole();
    if (known) return known.trials;
    for (const id of kept.keys()) if (!ends.has(id)) kept.delete(id);
    await inTurns([...ends], ([id, end]) => keep(id, end));
    rows = (record?.cells ?? []).map((cell, index) => {
      const row = kept.get(cell.trial)?.row ?? MISSING;
      const before = rows[index];
      // The same object for the same content: what was made of a row is known by it.
      const isSame = before?.variant === cell.variant && before.seed === cell.seed;
      return isSame && before.figures === row.figures ? before : { ...cell, ...row };
    });
    return rows;
  };
  const curveOf = async (id: string): Promise<Curve> => {
    const stamp = kept.get(id)?.stamp ?? 0;
    const known = curves.get(id);
    if (known?.stamp === stamp) return known.curve;
    const lines = await readEpisodes(store.trial(id)).catch(() => []);
    const curve = lines.map(({ stage, round, episode, reward }) => ({
      ...{ stage, episode, reward },
      ...(round !== undefined && { round }),
    }));
    curves.set(id, { stamp, curve });
    return curve;
  };
  const allRows = () => (reading ??= read().finally(() => (reading = undefined)));
  const summarized = async (record: StudyRecord): Promise<StudyResults> => {
    const trials = await allRows();
    const known = whole();
    if (known) return known;
    const outcomes = new Map([...kept].flatMap(([id, { outcomes: own }]) => (own ? [[id, own]] : [])));
    return summarizeStudy(record, trials, outcomes);
  };
  return {
    rows: allRows,
    some: async (from, count) => {
      const { record, ends } = seen();
      const cells = record?.cells ?? [];
      const wanted = cells.slice(from, from + count);
      const known = whole();
      if (known) return { rows: known.trials.slice(from, from + count), total: cells.length };
      await inTurns(wanted, async ({ trial }) => ends.has(trial) && keep(trial, ends.get(trial)!));
      const rowOf = (cell: (typeof cells)[number]) => ({
        ...cell,
        ...(kept.get(cell.trial)?.row ?? MISSING),
      });
      return { rows: wanted.map(rowOf), total: cells.length };
    },
    input: async () => {
      const { record } = seen();
      if (!record) return undefined;
      const results = await summarized(record);
      const { trials } = results;
      const drawn = new Set(STAGES.flatMap((stage) => curvesOf(stage, results.variants)));
      const wanted = trials.filter(({ variant, status }) => status === 'done' && drawn.has(variant));
      const episodes = new Map<string, Curve[]>([...drawn].map((variant) => [variant, []]));
      const read = await inTurns(wanted, ({ trial }) => curveOf(trial));
      wanted.forEach(({ variant }, i) => episodes.get(variant)!.push(read[i]!));
      const done = trials.find(({ status }) => status === 'done')?.trial;
      if (done !== undefined && seen().ends.has(done)) await keep(done, seen().ends.get(done)!);
      const original = [...kept.values()].find((each) => each.original)?.original;
      return { record, results, original, episodes };
    },
  };
}

/** Some at the same time: more would only wait for the disk. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE)
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  return results;
}

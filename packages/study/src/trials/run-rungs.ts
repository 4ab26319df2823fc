import { TersorError } from '@tersor/core';
import type { StudyContent } from '../plan/study-content.js';
import { halvingOf, promoted, type Rung } from '../plan/sampler.js';
import type { Cell, StudyPlan } from '../plan/study-plan.js';
import type { Study } from '../plan/study-schema.js';
import type { ResultStore } from '../results/result-store.js';
import { readTrial, type TrialContent } from '../results/study-store.js';
import { figuresOf } from '../results/trial-figures.js';
import { mean } from '../statistics/moments.js';
import { runTrials, type TrialsContext } from './run-trials.js';

/** The part of a plan that is known to run. */
export type KnownPlan = Pick<StudyPlan, 'variants' | 'cells' | 'trials'>;

interface RungsContext extends TrialsContext {
  readonly study: Study;
  /** Called before each rung with all that has been chosen so far. */
  onChosen(known: KnownPlan): Promise<void>;
}

/**
 * Runs a plan of successive halving, rung by rung: all variants of the first rung, then in each rung those
 * that did best in the one before. Trials in the store are not run again, so a study that was stopped makes
 * the same choices and continues. A variant with a failed trial is not promoted. Throws `TRIALS_FAILED` if
 * every variant has one.
 */
export async function runRungs(plan: StudyPlan, content: StudyContent, context: RungsContext): Promise<void> {
  const { study, store, signal, onNotice } = context;
  const rungs = plan.rungs ?? [];
  const chosen: Cell[] = [];
  let names = rungs[0]?.variants ?? [];
  for (const [i, rung] of rungs.entries()) {
    const cells = cellsOf(plan, names);
    chosen.push(...cells);
    await context.onChosen(partOf(plan, chosen));
    const variants = names.length === 1 ? '1 variant' : `${names.length} variants`;
    onNotice(`Rung ${i + 1} of ${rungs.length}: ${variants} with ${rung.episodes} episodes.`);
    await runTrials(partOf(plan, cells), content, context);
    const next = rungs[i + 1];
    if (signal.aborted || !next) return;
    names = nextVariants({ plan, rung, next, results: await resultsOf(cells, store) }, study);
  }
}

/**
 * The part of a plan that is known without running anything: all of it or, with successive halving, the rungs
 * up to the first one that is not done.
 */
export async function knownPlan(plan: StudyPlan, study: Study, store: ResultStore): Promise<KnownPlan> {
  if (!plan.rungs) return plan;
  const known: Cell[] = [];
  let names = plan.rungs[0]!.variants;
  for (const [i, rung] of plan.rungs.entries()) {
    const cells = cellsOf(plan, names);
    known.push(...cells);
    const next = plan.rungs[i + 1];
    const results = await resultsOf(cells, store);
    if (!next || results.some(({ found }) => found?.record.status !== 'done')) break;
    names = nextVariants({ plan, rung, next, results }, study);
  }
  return partOf(plan, known);
}

interface Result {
  readonly variant: string;
  readonly found: TrialContent | undefined;
}

async function resultsOf(cells: readonly Cell[], store: ResultStore): Promise<Result[]> {
  const results: Result[] = [];
  for (const { variant, trial } of cells) results.push({ variant, found: await readTrial(store, trial) });
  return results;
}

interface Step {
  readonly plan: StudyPlan;
  readonly rung: Rung;
  readonly next: Rung;
  readonly results: readonly Result[];
}

function nextVariants({ plan, rung, next, results }: Step, study: Study): string[] {
  const { metric } = halvingOf(study)!;
  const values = new Map<string, number[]>();
  for (const { variant, found } of results) {
    const value = found?.summary && figuresOf(found.summary)[metric];
    if (value !== undefined) values.set(variant, [...(values.get(variant) ?? []), value]);
  }
  // A mean over the remaining seeds would flatter a variant that crashes.
  const whole = [...values].filter(([, each]) => each.length === study.seeds.length);
  if (whole.length === 0)
    throw new TersorError(
      'TRIALS_FAILED',
      `Every variant with ${rung.episodes} episodes has a trial that failed.`,
      {
        hint: "See log.txt in the trials' folders; --resume runs the failed trials again.",
      },
    );
  const means = new Map(whole.map(([variant, each]) => [variant, mean(each)]));
  return promoted(rung, next, means, study, plan.variants);
}

function cellsOf({ cells }: StudyPlan, names: readonly string[]): Cell[] {
  const wanted = new Set(names);
  return cells.filter(({ variant }) => wanted.has(variant));
}

function partOf({ variants, trials }: StudyPlan, cells: readonly Cell[]): KnownPlan {
  const [names, ids] = [
    new Set(cells.map(({ variant }) => variant)),
    new Set(cells.map(({ trial }) => trial)),
  ];
  return {
    variants: variants.filter(({ name }) => names.has(name)),
    cells,
    trials: trials.filter(({ id }) => ids.has(id)),
  };
}

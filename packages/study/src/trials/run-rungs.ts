import { TersorError } from '@tersor/core';
import type { StudyContent } from '../plan/study-content.js';
import { promoted, type Rung } from '../plan/sampler.js';
import type { Halving } from '../plan/sampler-schema.js';
import type { Cell, StudyPlan } from '../plan/study-plan.js';
import type { Study } from '../plan/study-schema.js';
import type { ResultStore } from '../results/result-store.js';
import { readTrial } from '../results/study-store.js';
import { figuresOf } from '../results/trial-figures.js';
import { mean } from '../statistics/moments.js';
import { runTrials, type TrialsContext } from './run-trials.js';

/** The part of a plan that is run, as far as it is known. */
export type KnownPlan = Pick<StudyPlan, 'variants' | 'cells' | 'trials'>;

interface RungsContext extends TrialsContext {
  readonly study: Study;
  /** Called before each rung with all that has been chosen so far. */
  onChosen(known: KnownPlan): Promise<void>;
}

/**
 * Runs a plan of successive halving, rung by rung: all variants of the first, and of each further one those
 * that did best in the rung before. What the store has is not run again, so that a study which was stopped
 * chooses the same variants again and goes on. A variant with a trial that failed does not go on. Throws
 * `TRIALS_FAILED` where all have one.
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
    names = await nextVariants({ plan, rung, next, cells }, study, store);
  }
}

/**
 * The part of a plan of successive halving that is known without running anything: up to the first rung that
 * has a trial which is not done.
 */
export async function knownRungs(plan: StudyPlan, study: Study, store: ResultStore): Promise<KnownPlan> {
  const rungs = plan.rungs ?? [];
  const known: Cell[] = [];
  let names = rungs[0]?.variants ?? [];
  for (const [i, rung] of rungs.entries()) {
    const cells = cellsOf(plan, names);
    known.push(...cells);
    const next = rungs[i + 1];
    const found = await Promise.all(cells.map(({ trial }) => readTrial(store, trial)));
    if (!next || found.some((trial) => trial?.record.status !== 'done')) break;
    names = await nextVariants({ plan, rung, next, cells }, study, store);
  }
  return partOf(plan, known);
}

interface Step {
  readonly plan: StudyPlan;
  readonly rung: Rung;
  readonly next: Rung;
  readonly cells: readonly Cell[];
}

async function nextVariants({ plan, rung, next, cells }: Step, study: Study, store: ResultStore) {
  const { metric } = study.sampler as Halving;
  const values = new Map<string, number[]>();
  for (const { variant, trial } of cells) {
    const summary = (await readTrial(store, trial))?.summary;
    const value = summary && figuresOf(summary)[metric];
    if (value !== undefined) values.set(variant, [...(values.get(variant) ?? []), value]);
  }
  // A mean over the seeds that were left would flatter a variant that crashes.
  const whole = [...values].filter(([, each]) => each.length === study.seeds.length);
  if (whole.length === 0)
    throw new TersorError(
      'TRIALS_FAILED',
      `No variant with ${rung.episodes} episodes has all of its seeds done.`,
      {
        hint: 'log.txt in the folders of the trials says why; --resume runs those again that failed.',
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

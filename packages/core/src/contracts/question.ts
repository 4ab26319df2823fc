/** One limit of a budget, as a heuristic asks it: of an amount for each group (channels) or layer (bits). */
export interface QuestionLimit {
  /** Its name in the config, for instance `macs`. */
  readonly name: string;
  readonly limit: number;
  /** What these amounts use of it, in the limit's unit. */
  of(amounts: readonly number[]): number;
}

/** A budget, as a heuristic sees it. Amounts are one number per group or layer, in the question's order. */
export interface BudgetQuestion {
  readonly limits: readonly QuestionLimit[];
  /** The largest share of any limit that these amounts use: 1 uses one of them up, above 1 breaks it. */
  used(amounts: readonly number[]): number;
  /** Whether these amounts keep all limits. */
  fits(amounts: readonly number[]): boolean;
}

/**
 * Answers how a budget is best spread, without a search: an amount for each group or layer, as the question
 * allows them, that `fits`. The same question gets the same answer. It is asked after `prepare`.
 */
export type Heuristic<Question extends BudgetQuestion> = (
  question: Question,
) => readonly number[] | Promise<readonly number[]>;

/**
 * Heuristics by name. The names are there from the start, before `prepare`: configs are checked against them
 * before long work begins.
 */
export type Heuristics<Question extends BudgetQuestion> = Readonly<Record<string, Heuristic<Question>>>;

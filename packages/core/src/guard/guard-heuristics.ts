import type { BudgetQuestion, Heuristics } from '../contracts/question.js';
import { misbehaved, type Culprit } from './culprit.js';
import { guarded } from './guarded.js';
import { isRecord } from '../is-record.js';
import { listOfNumbers } from './values.js';

/** What an answer has to be, beside a list of whole numbers that keeps the budget. */
interface AnswerRules<Question> {
  readonly length: (question: Question) => number;
  readonly isAllowed: (question: Question, index: number, amount: number) => boolean;
  /** What is allowed, in words. */
  readonly expected: (question: Question) => string;
}

/**
 * A product whose heuristics are checked: their answers are as long as the question, allowed, and keep the
 * budget. `product` is what the plugin made, `checked` the same with its other members guarded.
 */
export function guardHeuristics<
  Question extends BudgetQuestion,
  T extends { readonly heuristics?: Heuristics<Question> },
>(culprit: Culprit, product: T, checked: T, rules: AnswerRules<Question>): T {
  const { heuristics } = product;
  if (heuristics === undefined) return checked;
  if (!isRecord(heuristics) || Object.values(heuristics).some((each) => typeof each !== 'function'))
    throw misbehaved(culprit, 'heuristics', 'functions by name', heuristics);
  const later = Object.fromEntries(
    Object.keys(heuristics).map((name) => [
      name,
      (answer: unknown, question: Question) => {
        const member = `heuristics.${name}`;
        const amounts = listOfNumbers(answer);
        const isAllowed =
          amounts?.length === rules.length(question) &&
          amounts.every((amount, i) => Number.isInteger(amount) && rules.isAllowed(question, i, amount));
        if (!isAllowed) throw misbehaved(culprit, member, rules.expected(question), answer);
        if (!question.fits(amounts))
          throw misbehaved(culprit, member, `an answer that keeps the limits ${namesOf(question)}`, answer);
        return amounts;
      },
    ]),
  );
  const guardedHeuristics = guarded(culprit, heuristics, { prefix: 'heuristics.', later });
  return new Proxy(checked, {
    get: (target, member) =>
      member === 'heuristics' ? guardedHeuristics : (Reflect.get(target, member) as unknown),
  });
}

function namesOf({ limits }: BudgetQuestion): string {
  return limits.map(({ name }) => name).join(', ');
}

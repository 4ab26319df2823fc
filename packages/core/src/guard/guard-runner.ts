import type { TrialOutcome, TrialRunner } from '../contracts/runner.js';
import { misbehaved, type Culprit } from './culprit.js';
import { guarded } from './guarded.js';

/**
 * A runner that keeps to its contract: a number of trials at once that can be counted, answers that are one.
 */
export function guardRunner(culprit: Culprit, runner: TrialRunner): TrialRunner {
  const { concurrency } = runner;
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw misbehaved(culprit, 'concurrency', 'a whole number from 1', concurrency);
  return guarded(culprit, runner, {
    later: {
      run: (result) => {
        if (!isOutcome(result))
          throw misbehaved(
            culprit,
            'run',
            "{ status: 'done' }, { status: 'interrupted' } or { status: 'failed', error: text }",
            result,
          );
        return result;
      },
    },
  });
}

function isOutcome(value: unknown): value is TrialOutcome {
  const { status, error } = (value ?? {}) as { readonly status?: unknown; readonly error?: unknown };
  return (
    status === 'done' ||
    status === 'interrupted' ||
    (status === 'failed' && typeof error === 'string' && error !== '')
  );
}

/** One promise of a contract, and the check of it: `run` throws where it is broken. */
export interface Case {
  readonly name: string;
  run(): Promise<void> | void;
}

/** A case that failed, and why. */
export interface Failure {
  readonly name: string;
  readonly error: unknown;
}

/** Runs all cases with no test runner, for instance from `doctor`; gives those that failed. */
export async function check(cases: readonly Case[]): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const { name, run } of cases) {
    try {
      await run();
    } catch (error) {
      failures.push({ name, error });
    }
  }
  return failures;
}

/** The two functions of a test runner that a contract needs. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/**
 * Runs all cases as tests. With no `runner`, of the runner whose `describe` and `it` are global: jest, mocha,
 * vitest with globals. Others are given: `import { describe, it } from 'node:test'` (or from vitest), then
 * `describeContract(title, cases, { describe, it })`.
 */
export function describeContract(
  title: string,
  cases: readonly Case[],
  runner: TestRunner = globalThis as unknown as TestRunner,
): void {
  // node:test hands a context to the body; a case takes nothing.
  runner.describe(title, () => {
    for (const { name, run } of cases) runner.it(name, async () => run());
  });
}

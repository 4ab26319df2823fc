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

/** Runs all cases as tests of the runner at hand: anything with global `describe` and `it` (jest, vitest with globals, mocha). */
export function describeContract(title: string, cases: readonly Case[]): void {
  const { describe, it } = globalThis as unknown as {
    describe: (name: string, body: () => void) => void;
    it: (name: string, body: () => Promise<void> | void) => void;
  };
  describe(title, () => {
    for (const { name, run } of cases) it(name, () => run());
  });
}

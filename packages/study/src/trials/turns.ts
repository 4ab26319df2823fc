/** Calls `work` when it is its turn; resolves to undefined if `signal` is aborted before that. */
export type Turns = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T | undefined>;

/** Lets up to `count` pieces of work run at the same time; the others wait, first come, first served. */
export function createTurns(count: number): Turns {
  let idle = count;
  const waiting = new Set<() => void>();
  /** Resolves to whether its turn has come. */
  const wait = (signal: AbortSignal) =>
    new Promise<boolean>((resolve) => {
      const end = (isTurn: boolean) => {
        waiting.delete(begin);
        signal.removeEventListener('abort', giveUp);
        resolve(isTurn);
      };
      const begin = () => end(true);
      const giveUp = () => end(false);
      waiting.add(begin);
      signal.addEventListener('abort', giveUp);
    });
  return async (signal, work) => {
    if (signal.aborted) return undefined;
    if (idle > 0) idle--;
    else if (!(await wait(signal))) return undefined;
    try {
      return await work();
    } finally {
      const [next] = waiting;
      if (next) next();
      else idle++;
    }
  };
}

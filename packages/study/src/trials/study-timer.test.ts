import { createTimer } from './study-timer.js';

const cells = ['a', 'b'].flatMap((variant) =>
  [1, 2, 3].map((seed) => ({ variant, seed, trial: `${variant}${seed}` })),
);
const trials = cells.map(({ trial: id, seed }) => ({ id, seed, settings: {}, config: {} as never }));
const done = (id: string, seconds: number) => ({ id, status: 'done' as const, seconds });

describe('createTimer', () => {
  it('gives no estimate before a trial is done', () =>
    expect(createTimer({ cells, trials }, 1).progress()).toEqual({ done: 0, total: 6 }));

  it('expects a trial to take as long as others of its variant, or of all', () => {
    const timer = createTimer({ cells, trials }, 2);
    timer.add({ id: 'a1' }, done('a1', 100));
    expect(timer.progress()).toEqual({ done: 1, total: 6, secondsLeft: (5 * 100) / 2 });
    timer.add({ id: 'b1' }, done('b1', 10));
    expect(timer.progress()).toEqual({ done: 2, total: 6, secondsLeft: (2 * 100 + 2 * 10) / 2 });
  });

  it('does not count a crash as a short trial, and has 0 seconds left at the end', () => {
    const timer = createTimer({ cells, trials }, 1);
    timer.add({ id: 'a1' }, { id: 'a1', status: 'failed', error: 'x', seconds: 1 });
    expect(timer.progress().secondsLeft).toBeUndefined();
    for (const { id } of trials) timer.add({ id }, done(id, 5));
    expect(timer.progress()).toEqual({ done: 6, total: 6, secondsLeft: 0 });
  });
});

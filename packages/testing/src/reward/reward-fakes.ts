import type { EpisodeMeasures, Reward } from '@tersor/core';

/** The simplest right reward: the accuracy. */
export function correctReward(): Reward {
  return { id: 'fake', evaluate: ({ accuracy }) => accuracy };
}

/** Rewards that break one promise each, by the name of the case that must catch them. */
export function brokenRewards(): Record<string, () => Reward> {
  let calls = 0;
  return {
    'has an id': () => ({ ...correctReward(), id: '' }),
    'is a finite number for every network': () => ({
      id: 'fake',
      evaluate: ({ accuracy }) => Math.log(accuracy),
    }),
    'gives the same value for the same measures': () => ({
      id: 'fake',
      evaluate: ({ accuracy }) => accuracy + ++calls * 1e-3,
    }),
    'does not fall when accuracy rises': () => ({ id: 'fake', evaluate: ({ accuracy }) => 1 - accuracy }),
    'leaves the measures as they are': () => ({
      id: 'fake',
      evaluate: (measures) => {
        (measures as { macs: EpisodeMeasures['macs'] }).macs = 0;
        return measures.accuracy;
      },
    }),
  };
}

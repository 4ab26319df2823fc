import type { EpisodeMeasures, Reward } from '@tersor/core';
import { requireRule } from '../contract-failure.js';
import type { Case } from '../contract.js';

const baseline = { accuracy: 0.9, macs: 4e6, parameters: 3e5, bytes: 1.2e6 };
const halved: EpisodeMeasures = {
  accuracy: 0.85,
  divergence: 0.2,
  macs: 2e6,
  parameters: 1.5e5,
  bytes: 6e5,
  baseline,
};

/**
 * The promises of a `Reward`. `make` gives a new one, made the same way each time.
 *
 * @example
 * describeContract('my reward', rewardContract(() => createReward(options)));
 */
export function rewardContract(make: () => Reward): Case[] {
  const reward = (measures: EpisodeMeasures) => make().evaluate(structuredClone(measures));
  return [
    {
      name: 'has an id',
      run: () =>
        requireRule(typeof make().id === 'string' && make().id !== '', {
          member: 'id',
          expected: 'a word',
          found: String(make().id),
        }),
    },
    {
      name: 'is a finite number for every network',
      run: () => {
        for (const measures of [
          halved,
          { ...halved, accuracy: 0 },
          { ...halved, accuracy: 1 },
          { ...baseline, divergence: 0, baseline },
          { ...halved, macs: 1, parameters: 1, bytes: 1 },
        ]) {
          const value = reward(measures);
          requireRule(Number.isFinite(value), {
            member: 'evaluate',
            expected: 'a finite number',
            found: `${value} for ${JSON.stringify(measures)}`,
          });
        }
      },
    },
    {
      name: 'gives the same value for the same measures',
      run: () => {
        const instance = make();
        const [first, second] = [
          instance.evaluate(structuredClone(halved)),
          instance.evaluate(structuredClone(halved)),
        ];
        requireRule(first === second, {
          member: 'evaluate',
          expected: `${first} again`,
          found: String(second),
        });
      },
    },
    {
      name: 'does not fall when accuracy rises',
      run: () => {
        const instance = make();
        let previous = -Infinity;
        for (const accuracy of [0.1, 0.3, 0.5, 0.7, 0.9]) {
          const value = instance.evaluate({ ...structuredClone(halved), accuracy });
          requireRule(value >= previous, {
            member: 'evaluate',
            expected: `at least ${previous} at accuracy ${accuracy}`,
            found: String(value),
          });
          previous = value;
        }
      },
    },
    {
      name: 'leaves the measures as they are',
      run: () => {
        const measures = structuredClone(halved);
        make().evaluate(measures);
        requireRule(JSON.stringify(measures) === JSON.stringify(halved), {
          member: 'evaluate',
          expected: JSON.stringify(halved),
          found: JSON.stringify(measures),
        });
      },
    },
  ];
}

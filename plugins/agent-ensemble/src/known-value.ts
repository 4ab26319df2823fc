import type { Random } from '@tersor/core';
import { adamStep, createAdam } from '@tersor/rl';
import { initializeSet, joined, setPass, type SetNetwork } from './set-network.js';

/** Policies of one source, whose rewards compare with each other. */
export interface Lesson {
  /** Rows of each policy, one after the other. */
  readonly policies: readonly Float32Array[];
  /** Rows of one policy. */
  readonly steps: number;
  readonly targets: readonly number[];
}

const UPDATES = 400;
const BATCH = 64;
const RATE = 0.003;

/**
 * Learns what is known of policies before any is measured: steps of Adam down the mean squared error, on
 * batches that take their policies from all lessons in turn. The parameters then stay as they are; critics
 * learn what they leave.
 */
export function learnKnownValue(
  network: SetNetwork,
  lessons: readonly Lesson[],
  random: Random,
): Float32Array {
  const parameters = initializeSet(network, random, 0.1);
  const adam = createAdam(parameters.length);
  const gradient = new Float32Array(parameters.length);
  for (let step = 0; step < UPDATES; step++) {
    const drawn = Array.from({ length: BATCH }, (_, i) => {
      const lesson = lessons[i % lessons.length]!;
      return { lesson, index: random.integer(lesson.policies.length) };
    });
    const { values, back } = setPass(
      network,
      parameters,
      joined(
        drawn.map(({ lesson, index }) => lesson.policies[index]!),
        drawn.map(({ lesson }) => lesson.steps),
      ),
    );
    back(
      values.map((value, i) => (2 * (value - drawn[i]!.lesson.targets[drawn[i]!.index]!)) / BATCH),
      gradient,
    );
    // Down to a tenth at the end: what is left of the noise of batches stays for the whole search.
    adamStep(adam, parameters, gradient, { learningRate: RATE * 0.1 ** (step / UPDATES) });
  }
  return parameters;
}

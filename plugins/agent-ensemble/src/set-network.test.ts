import { createRandom } from '@tersor/core';
import { initializeSet, setParameterCount, setPass, type SetNetwork } from './set-network.js';

const SHARED: SetNetwork = {
  each: { sizes: [3, 5, 4], hidden: 'tanh', output: 'tanh' },
  whole: { sizes: [4, 6, 1], hidden: 'tanh', output: 'linear' },
};
const random = createRandom(1, 'set network');
const rows = (count: number) => Float32Array.from({ length: 3 * count }, () => random.normal());

describe('a network over the steps of a policy', () => {
  const parameters = initializeSet(SHARED, random);

  it('has as many parameters whatever the number of steps', () => {
    expect(parameters.length).toBe(setParameterCount(SHARED));
    expect(setParameterCount(SHARED)).toBe(3 * 5 + 5 + (5 * 4 + 4) + (4 * 6 + 6) + (6 + 1));
    const values = setPass(SHARED, parameters, { input: rows(9), lengths: [2, 7] }).values;
    expect(values).toHaveLength(2);
  });

  it('gives each policy what it gives it alone', () => {
    const input = rows(7);
    const both = setPass(SHARED, parameters, { input, lengths: [3, 4] }).values;
    const first = setPass(SHARED, parameters, { input: input.slice(0, 9), lengths: [3] }).values;
    const second = setPass(SHARED, parameters, { input: input.slice(9), lengths: [4] }).values;
    expect(both[0]).toBeCloseTo(first[0]!, 6);
    expect(both[1]).toBeCloseTo(second[0]!, 6);
  });

  it('does not depend on the order of the steps', () => {
    const input = rows(3);
    const turned = Float32Array.from([...input.slice(6), ...input.slice(0, 6)]);
    expect(setPass(SHARED, parameters, { input: turned, lengths: [3] }).values[0]).toBeCloseTo(
      setPass(SHARED, parameters, { input, lengths: [3] }).values[0]!,
      6,
    );
  });

  it('has the gradient that differences of the loss give', () => {
    const own = initializeSet(SHARED, random);
    const lengths = [3, 1, 4];
    const input = rows(8);
    const targets = lengths.map(() => random.normal());
    const loss = (at: Float32Array) =>
      setPass(SHARED, at, { input, lengths }).values.reduce(
        (sum, value, i) => sum + (value - targets[i]!) ** 2,
        0,
      );
    const pass = setPass(SHARED, own, { input, lengths });
    const gradient = new Float32Array(own.length);
    pass.back(
      pass.values.map((value, i) => 2 * (value - targets[i]!)),
      gradient,
    );
    const step = 1e-2;
    own.forEach((_value, i) => {
      const [more, less] = [step, -step].map((by) => loss(own.with(i, own[i]! + by)));
      expect(gradient[i]).toBeCloseTo((more! - less!) / (2 * step), 2);
    });
  });
});

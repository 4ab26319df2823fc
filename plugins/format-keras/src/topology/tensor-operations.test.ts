import { MOVES } from './tensor-operations.js';

const split = (sections: unknown, shape: readonly unknown[] = [null, 8, 6]) =>
  MOVES['Split']!({
    call: { args: [], named: {} } as never,
    config: { indices_or_sections: sections, axis: -1 },
    shape,
  });

it('splits an axis into equal parts, or at places', () => {
  expect(split(3)).toMatchObject({ outputs: [0, 1, 2] });
  expect(split([2, 3])).toMatchObject({
    parts: [
      { config: { start: 0, end: 2 } },
      { config: { start: 2, end: 3 } },
      { config: { start: 3, end: 6 } },
    ],
  });
});

it.each([
  [4, /where the axis is 6 long/],
  [0, /where the axis is 6 long/],
  [-2, /where the axis is 6 long/],
  [0.5, /where the axis is 6 long/],
  ['3', /where the axis is 6 long/],
  [[4, 2], /cuts an axis into nothing/],
])('gives the reason why it does not split into %j', (sections, reason) => {
  expect(split(sections)).toMatch(reason);
});

it('refuses at once to make a billion parts, as a damaged file may want', () => {
  expect(split(1e9, [null, 8, 1e9])).toBe('cuts an axis into 1000000000 parts, more than 4096');
});

it('takes whole places only', () => {
  const range = (config: object) => ({ class_name: '__slice__', config });
  const taken = (config: object) =>
    MOVES['GetItem']!({
      call: { args: [undefined, [range({}), range(config)]], named: {} } as never,
      config: {},
      shape: [null, 8],
    });
  expect(taken({ start: 2, stop: -1 })).toMatchObject({ parts: [{ config: { start: 2, end: 7, step: 1 } }] });
  expect(taken({ start: 0.5 })).toBe('takes nothing of axis 1, or takes it backwards');
  expect(taken({ step: 1.5 })).toBe('takes nothing of axis 1, or takes it backwards');
});

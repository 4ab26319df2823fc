import { elementCount } from './element-count.js';

test.each([
  [[], 1],
  [[3], 3],
  [[2, 3, 4], 24],
  [[2, 0, 4], 0],
  [[2, undefined, 4], undefined],
])('the shape %j has %p elements', (shape, count) => {
  expect(elementCount(shape)).toBe(count);
});

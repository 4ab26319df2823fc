import { transposed } from './transposed.js';

test.each([Float32Array, Float64Array])('a %p becomes one of the same type, columns as rows', (Values) => {
  expect(transposed(Values.from([1, 2, 3, 4, 5, 6]), 2, 3)).toEqual(Values.from([1, 4, 2, 5, 3, 6]));
});

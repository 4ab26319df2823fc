import { grouped, mebibytes, percent } from './figures.js';

test('numbers are rounded, and grouped by thousands', () => {
  expect([percent(0.98765), percent(-0.1), percent(1)]).toEqual(['98.77%', '-10.00%', '100.00%']);
  expect([grouped(1234567.6), grouped(999), grouped(-1000)]).toEqual(['1,234,568', '999', '-1,000']);
  expect([mebibytes(1.4 * 2 ** 20), mebibytes(2 ** 30)]).toEqual(['1', '1,024']);
});

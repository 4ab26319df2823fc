import { chart, nameAxis, valueAxis } from './chart.js';

it('ends names with dots that are longer than their room, so that none is cut at its beginning', () => {
  const names = ['a long name of a variant, lr = 0.0001', 'ddpg'];
  const drawn = chart({
    ...{ id: 'x', title: 'Names', description: 'Two of them.', height: 120, table: '' },
    tip: () => undefined,
    option: (size) => ({
      yAxis: nameAxis(names, size),
      xAxis: valueAxis('', String),
      series: [{ type: 'bar', data: [1, 2] }],
    }),
  });
  const [wide, narrow] = drawn.split('class="plot narrow"');
  expect(wide).toContain('>a long name of a variant...<');
  expect(narrow).toContain('>a long nam...<');
  expect(narrow).toContain('>ddpg<');
});

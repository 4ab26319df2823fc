import { chart, drawnAt, nameAxis, valueAxis } from './chart.js';

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

it('is drawn at one width for a page that says its own, and at both for a report, also after a fault', () => {
  const drawn = () =>
    chart({
      ...{ id: 'x', title: 'Bars', description: 'Two of them.', height: 120, table: '' },
      tip: () => undefined,
      option: () => ({ xAxis: valueAxis('', String), yAxis: valueAxis('', String), series: [] }),
    });
  const widths = (html: string) => [...html.matchAll(/class="plot (\w+)"/g)].map(([, width]) => width);
  expect(widths(drawnAt('narrow', drawn))).toEqual(['narrow']);
  const fault = () => {
    throw new Error('no data');
  };
  expect(() => drawnAt('wide', fault)).toThrow('no data');
  expect(widths(drawn())).toEqual(['wide', 'narrow']);
});

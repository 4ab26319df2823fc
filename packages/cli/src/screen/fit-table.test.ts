import { fitTable } from './fit-table.js';

const TABLE = {
  head: ['network', 'test accuracy', 'bytes on disk'],
  rows: [
    ['pruned_and_quantized_network', '83.50%', '203,618'],
    ['change', '-2.20 points', '12.52x smaller'],
  ],
  right: [1, 2],
};

const widest = (text: string) => Math.max(...text.split('\n').map(({ length }) => length));

describe('a table', () => {
  it('is as wide as it likes in a file or a pipe', () => {
    const text = fitTable(TABLE, undefined);
    expect(text).toContain('│ pruned_and_quantized_network │        83.50% │        203,618 │');
    expect(widest(text)).toBe(65);
    // The frame, heads, one rule, two rows.
    expect(text.split('\n').map((line) => line[0])).toEqual(['┌', '│', '├', '│', '│', '└']);
  });

  it.each([64, 60, 50, 42])('fits a terminal of %d columns, whole', (columns) => {
    const text = fitTable(TABLE, columns);
    expect(widest(text)).toBeLessThanOrEqual(columns);
    const words = text.replace(/[│┌┐└┘├┤┬┴┼─\s]/g, '');
    for (const part of ['83.50%', '203,618', '12.52x', 'quantized', 'points']) expect(words).toContain(part);
    expect(text).toMatch(/─ {2}─/);
  });

  it('becomes a list where numbers would have to be broken', () => {
    expect(fitTable(TABLE, 26)).toBe(
      [
        'pruned_and_quantized_network',
        '  test accuracy  83.50%',
        '  bytes on disk  203,618',
        'change',
        '  test accuracy  -2.20 points',
        '  bytes on disk  12.52x smaller',
      ].join('\n'),
    );
  });

  it('breaks names where their words join', () => {
    const rows = [['block_1_expand', 'BatchNormalization', '1']];
    const text = fitTable({ head: ['layer', 'class', 'count'], rows, right: [2] }, 34);
    const lines = text.split('\n').slice(2);
    expect(lines.map((line) => line.split(/ +/))).toEqual([
      ['block_1_', 'Batch', '1'],
      ['expand', 'Normalization'],
    ]);
  });

  it('makes text of strangers safe for a terminal', () => {
    expect(fitTable({ head: ['name'], rows: [['\u001b[31mred']], right: [] })).toContain('\\x1b[31mred');
  });

  it('has bold heads where colours are asked for, and is not wider for that', () => {
    const before = process.env['FORCE_COLOR'];
    process.env['FORCE_COLOR'] = '1';
    try {
      const text = fitTable(TABLE, 60);
      expect(text).toContain('\u001b[1mnetwork');
    } finally {
      if (before === undefined) delete process.env['FORCE_COLOR'];
      else process.env['FORCE_COLOR'] = before;
    }
  });
});

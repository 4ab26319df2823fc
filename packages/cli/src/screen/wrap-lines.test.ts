import { wrapLines } from './wrap-lines.js';

describe('lines on a terminal', () => {
  it('are broken between words, and go on indented', () => {
    expect(wrapLines('  node: available on this machine\nshort', 20)).toBe(
      '  node: available on\n    this machine\nshort',
    );
  });

  it('keep a word that is wider than the terminal', () => {
    expect(wrapLines('  a /long/path/that/does/not/fit b', 12)).toBe(
      '  a\n    /long/path/that/does/not/fit\n    b',
    );
  });

  it('are as they were in a file', () => {
    const line = 'a '.repeat(200);
    expect(wrapLines(line, undefined)).toBe(line);
  });
});

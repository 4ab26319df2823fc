import { printable } from './printable.js';

it('leaves words, tabs and line ends as they are, of any script', () => {
  expect(printable('größe 層\t1\n2')).toBe('größe 層\t1\n2');
});

it('shows control characters instead of sending them to the terminal', () => {
  expect(printable('\x1b[31mred\x07 \x9b2J\u202e\r')).toBe('\\x1b[31mred\\x07 \\x9b2J\\u202e\\x0d');
});

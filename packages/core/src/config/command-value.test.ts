import { readValue } from './command-value.js';

test.each<[string, unknown]>([
  ['0.5', 0.5],
  ['true', true],
  ['[2, 8]', [2, 8]],
  ['{ macs: 0.5 }', { macs: 0.5 }],
  ['macs: 0.5', { macs: 0.5 }],
  ['"0.5"', '0.5'],
  ["'a #1'", 'a #1'],
  ['/data/a', '/data/a'],
  ['/data/a#1', '/data/a#1'],
  ['/data/a #1', '/data/a #1'],
  ['#fff', '#fff'],
  ['1 #2', '1 #2'],
  ['["/data/a #1"]', ['/data/a #1']],
  ['@me/tersor-agent-sac', '@me/tersor-agent-sac'],
  ['*.png', '*.png'],
  ['&a', '&a'],
  ['!important', '!important'],
  ['%USERPROFILE%', '%USERPROFILE%'],
  ['`x`', '`x`'],
  ['C:\\data', 'C:\\data'],
])('the value %s is read as %p', (text, value) => expect(readValue(text, '--set output=')).toEqual(value));

test.each(['[1, 2', '{ dir: /data/a #1 }', '"open', '[1, 2] # two'])(
  'the value %s is refused, with its place and what to do',
  (text) => {
    expect(() => readValue(text, '--option dir=')).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(`--option dir=${text}`),
        hint: expect.stringContaining('quotes'),
      }),
    );
  },
);

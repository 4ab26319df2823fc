import { keyValues } from './option-values.js';

it('refuses an option __proto__, also within a value, instead of losing it', () => {
  for (const pair of ['__proto__={ a: 1 }', 'dir={ __proto__: { a: 1 } }']) {
    expect(() => keyValues([pair], '--option')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('"__proto__"') }),
    );
  }
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from './errors.js';

describe('error codes', () => {
  it('are the ones that docs/errors.md describes, with the same words', () => {
    const page = readFileSync(join(__dirname, '../../../docs/errors.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `(\w+)` \| (.+?) \|$/gm)].map(([, code, meaning]) => [code, meaning]);
    expect(Object.fromEntries(rows)).toEqual(ERROR_CODES);
  });
});

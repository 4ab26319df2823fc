import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../../..');
const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const model = join(root, 'examples/vgg-small/model/model.json');
const missing = [chromium, model].filter((path) => !existsSync(path));

const run = (...args: string[]) =>
  execFileSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });

(missing.length > 0 ? describe.skip : describe)(
  `the page in a headless Chromium${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  () => {
    it('classifies real images with the original and the packed model, which agree on nearly all', () => {
      run('--conditions=tersor/source', '--import', 'tsx', 'examples/browser/prepare.ts', '--uniform');
      const shown = JSON.parse(run('examples/browser/check.mjs')) as Record<string, string> & {
        errors: string[];
      };
      expect([shown['state'], shown.errors]).toEqual(['done', []]);
      expect(Number(shown['packedBytes'])).toBe(statSync(join(__dirname, '../public/model.tersor')).size);
      expect(Number(shown['originalBytes'])).toBeGreaterThan(5 * Number(shown['packedBytes']));
      expect(Number(shown['agreement'])).toBeGreaterThan(0.8);
      expect(Number(shown['originalAccuracy'])).toBeGreaterThan(0.6);
    }, 300_000);
  },
);

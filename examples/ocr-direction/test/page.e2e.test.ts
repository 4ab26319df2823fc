import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, ORIGINAL, resultOf } from './installed.js';

const root = join(__dirname, '../../..');
const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const page = 'examples/ocr-direction/page';

const run = (...args: string[]) =>
  execFileSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });

describeWith([ORIGINAL, resultOf('model.onnx'), chromium], 'the page in a headless Chromium', () => {
  it("classifies test lines and the visitor's text with both ONNX files, which agree on nearly all", () => {
    run('--conditions=tersor/source', '--import', 'tsx', `${page}/prepare.mjs`);
    const shown = JSON.parse(run(`${page}/check.mjs`)) as Record<string, string> & {
      errors: string[];
    };
    expect([shown['state'], shown.errors]).toEqual(['done', []]);
    expect(Number(shown['originalBytes'])).toBe(statSync(ORIGINAL).size);
    expect(Number(shown['compressedBytes'])).toBe(statSync(resultOf('model.onnx')).size);
    expect(Number(shown['agreement'])).toBeGreaterThan(0.9);
    expect(Number(shown['originalAccuracy'])).toBeGreaterThan(0.9);
    expect(Number(shown['compressedAccuracy'])).toBeGreaterThan(0.9);
    // The text that the page begins with, upright and upside down, as each network sees it.
    expect(shown['own']).toBe('01,01');
  });
});

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../../..');
const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const missing = existsSync(chromium) ? '' : ` (skipped: no ${chromium})`;

const run = (...args: string[]) =>
  execFileSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', TERSOR_DATA: join(root, 'nowhere') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });

interface Shown {
  readonly shown: Record<string, { status: string; original: string[]; packed: string[]; agreement: string }>;
  readonly walked: string[];
  readonly byKeyboard: { before: string; after: string };
  readonly dropped: { before: string; after: string };
  readonly refused: string;
  readonly camera: string;
  readonly comparison: string;
  readonly onCpu: { status: string; classes: string[] };
  readonly widths: Record<string, { scrolls: boolean; background: string; smallest: number }>;
  readonly errors: string[];
}

(missing ? describe.skip : describe)(`the page in a headless Chromium${missing}`, () => {
  let page: Shown;
  beforeAll(() => {
    run('--conditions=tersor/source', '--import', 'tsx', 'examples/browser/prepare.ts');
    page = JSON.parse(run('examples/browser/check.mjs')) as Shown;
  });

  it('shows both networks side by side: sizes as they are, times, and the classes with their shares', () => {
    const { original, packed, agreement } = page.shown['vgg-small']!;
    const bytes = statSync(join(__dirname, '../models/vgg-small.tersor')).size;
    expect(original[0]).toBe('2.5 MB');
    expect(packed[0]).toBe(`${Math.round(bytes / 1000)} kB (${(2549458 / bytes).toFixed(1)}x smaller)`);
    for (const figures of [original, packed]) {
      expect(figures.slice(2, 4)).toEqual([
        expect.stringMatching(/^[\d.]+ ms$/),
        expect.stringMatching(/^[\d.]+ ms$/),
      ]);
      expect(figures.slice(4)).toHaveLength(5);
      // The first of the images to try is a horse.
      expect(figures[4]).toMatch(/^horse\n\d\d\.\d%$/);
    }
    expect(agreement).toBe('Both say: horse.');
    expect(page.errors).toEqual([]);
  });

  it('shows the compressed network alone where the original is not at hand', () => {
    const { status, original, packed, agreement } = page.shown['vgg19']!;
    expect(status).toContain('too large for this page');
    expect(original).toEqual(['80.1 MB', '89.3%', 'not loaded here']);
    expect(packed[4]).toMatch(/^horse\n/);
    expect(agreement).toBe('The compressed network says: horse.');
  });

  it('is used by keyboard alone, and takes dropped images and the camera', () => {
    expect(page.walked.slice(0, 3)).toEqual(['backend', 'file', 'camera']);
    expect(page.byKeyboard.after).not.toBe(page.byKeyboard.before);
    expect(page.dropped.after).not.toBe(page.dropped.before);
    expect(page.camera).toBe('true');
    expect(page.refused).toBe('This file is not an image that the browser can read.');
  });

  it('compares both on a hundred test images, which agree on most', () => {
    const [agree, , original, packed] = [...page.comparison.matchAll(/\d+/g)].map(Number);
    expect(page.comparison).toContain('of 100 test images');
    expect(agree).toBeGreaterThan(85);
    expect(Math.min(original!, packed!)).toBeGreaterThan(75);
  });

  it('runs on another backend when one is chosen', () => {
    expect(page.onCpu.status).toBe('Ready.');
    expect(page.onCpu.classes).toHaveLength(5);
  });

  it('fits a phone, has a dark form, and nothing too small to be touched', () => {
    expect(Object.keys(page.widths)).toEqual(['desktop-light', 'desktop-dark', 'phone-light', 'phone-dark']);
    for (const { scrolls, smallest } of Object.values(page.widths)) {
      expect(scrolls).toBe(false);
      expect(smallest).toBeGreaterThanOrEqual(44);
    }
    expect(page.widths['phone-dark']!.background).not.toBe(page.widths['phone-light']!.background);
  });
});

it('lists files that are there, with the figures of the runs that made them', () => {
  const models = JSON.parse(readFileSync(join(__dirname, '../models/models.json'), 'utf8')) as {
    id: string;
    accuracy: { original: number; packed: number };
  }[];
  const summary = (file: string) =>
    JSON.parse(readFileSync(join(root, file), 'utf8')) as Record<
      'baseline' | 'compressed',
      { accuracy: { test: number }; bytes: number }
    >;
  const runs: Record<string, string> = {
    'vgg-small': 'examples/vgg-small/result/summary.json',
    vgg19: 'bench/paper/results/vgg19-short.json',
    mobilenet: 'examples/browser/models/mobilenet.json',
  };
  for (const { id, accuracy } of models) {
    const { baseline, compressed } = summary(runs[id]!);
    expect(accuracy).toEqual({ original: baseline.accuracy.test, packed: compressed.accuracy.test });
    expect(statSync(join(__dirname, `../models/${id}.tersor`)).size).toBe(compressed.bytes);
  }
});

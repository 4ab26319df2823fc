import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compressConfigSchema, parseConfig } from '@tersor/core';
import { chromium, type Browser, type Page } from 'playwright-core';
import {
  episodes,
  identity,
  instantRunner,
  layers,
  makeStudy,
  studyFolder,
  summaryOf,
} from '../../test/fixtures.js';
import { folderStore } from '../results/result-store.js';
import { runStudy } from '../run-study.js';
import { compareReport } from './compare-report.js';
import { ENHANCE } from './page-script.js';
import { runReport } from './run-report.js';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
const suite = executablePath === undefined ? describe.skip : describe;

suite(
  `the reports in Chromium${executablePath === undefined ? ' (skipped: no Chromium is installed)' : ''}`,
  () => {
    let browser: Browser;
    const pages: Record<string, string> = {};
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
      const config = parseConfig(
        {
          model: 'm/model.json',
          dataset: 'cifar10',
          prune: { agent: 'ddpg', budget: { macs: 0.5 } },
          quantize: { agent: 'ddpg', budget: { bytes: 0.1 } },
        },
        compressConfigSchema,
      );
      const run = { summary: summaryOf(config), layers: layers(), episodes: episodes(1) };
      pages['run'] = runReport(run);
      pages['compared'] = compareReport([
        { name: 'first', run },
        { name: 'second', run: { ...run, summary: summaryOf({ ...config, seed: 2 }) } },
      ]);
      // Every column that a result can have, with the figures of VGG-19.
      const large = {
        accuracy: { validation: 0.9012, test: 0.8925 },
        parameters: 20_035_018,
        macs: 398_136_320,
        macsWithoutZeroSlices: 398_136_319,
        bytes: 80_140_072,
        bops: 407_691_591_680,
        latency: 123.4,
      };
      const figures = { baseline: large, pruned: large, compressed: large }; // With a pruned slice.
      const activations = { simulated: true as const, floatAccuracy: large.accuracy };
      pages['full'] = runReport({ ...run, summary: { ...run.summary, ...figures, activations } });
      const { folder, path, output } = await studyFolder();
      const study = makeStudy({
        baseline: 'random',
        grid: { 'prune.agent.use': ['ddpg', 'random', 'broken'] },
      });
      const ran = {
        path,
        runner: instantRunner(),
        version: '0.1.0',
        identify: () => Promise.resolve(identity),
      };
      await runStudy({ ...ran, study, store: folderStore(output) });
      pages['study'] = await readFile(join(output, 'report.html'), 'utf8');
      const grid = {
        'prune.budget.macs': [0.5, 0.25],
        agent: {
          'ddpg from uniform and magnitude, ends reflected': { 'prune.agent.use': 'ddpg' },
          random: { 'prune.agent.use': 'random' },
        },
      };
      const faceted = makeStudy({
        baseline: { agent: 'random' },
        facet: 'prune.budget.macs',
        grid,
        seeds: [1, 2, 3],
      });
      await runStudy({ ...ran, study: faceted, store: folderStore(`${output}-facets`) });
      pages['facets'] = await readFile(join(`${output}-facets`, 'report.html'), 'utf8');
      await rm(folder, { recursive: true });
    });
    afterAll(() => browser?.close());

    const open = async (name: string, width: number, colorScheme: 'light' | 'dark' = 'light') => {
      const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
      const problems: string[] = [];
      page.on('console', (message) => problems.push(message.text()));
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('request', (request) => problems.push(`asked for ${request.url()}`));
      await page.setContent(pages[name]!, { waitUntil: 'load' });
      return { page, problems };
    };

    it.each([
      ['run', 1000, 'light', 10],
      ['run', 375, 'dark', 10],
      ['compared', 1000, 'light', 6],
      ['compared', 375, 'dark', 6],
      ['study', 1000, 'dark', 13],
      ['study', 375, 'light', 13],
    ] as const)(
      'draws every chart of the %s at %i pixels in %s, with nothing in the console and no scrolling sideways',
      async (name, width, scheme, count) => {
        const { page, problems } = await open(name, width, scheme);
        const drawn: number[] =
          await page.evaluate(`[...document.querySelectorAll('figure')].map((figure) => [...figure.querySelectorAll('svg')]
      .filter((svg) => svg.getBoundingClientRect().width > 0)
      .reduce((sum, svg) => sum + [...svg.querySelectorAll('[data-tip]')].filter((mark) => mark.getBoundingClientRect().height > 0).length, 0))`);
        expect(drawn).toHaveLength(count);
        expect(Math.min(...drawn)).toBeGreaterThan(0);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        expect(problems).toEqual([]);
        await page.close();
      },
    );

    it.each(['run', 'full', 'compared', 'study', 'facets'])(
      'cuts off no table of the %s at 1280 pixels',
      async (name) => {
        const { page } = await open(name, 1280);
        await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })");
        const cut = await page.evaluate(
          "[...document.querySelectorAll('.scroll')].filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.getAttribute('aria-label'))",
        );
        expect(cut).toEqual([]);
        await page.close();
      },
    );

    it('draws the facets of a study on the same axis', async () => {
      const { page } = await open('facets', 1280);
      const ticks = (suffix: string) =>
        page.locator(`#compare-testAccuracy-${suffix} .plot.wide svg text`).allTextContents();
      const numbers = (texts: string[]) => texts.filter((text) => text.endsWith('%'));
      const [first, second] = [numbers(await ticks('1')), numbers(await ticks('2'))];
      expect(first.length).toBeGreaterThan(1);
      expect(second).toEqual(first);
      expect(
        await page
          .locator('#comparison ~ figure h3', { hasText: 'Test accuracy (prune.budget.macs: 0.25)' })
          .count(),
      ).toBe(1);
      await page.close();
    });

    it.each(['light', 'dark'] as const)(
      'has text that stands out from the paper in %s: 4.5 to 1',
      async (scheme) => {
        const { page } = await open('study', 1000, scheme);
        expect(await lowestContrast(page)).toBeGreaterThanOrEqual(4.5);
        await page.close();
      },
    );

    it('reads data points out by arrow keys, and closes with Escape', async () => {
      const { page } = await open('run', 1000);
      await page.locator('#reward-prune .plot.wide').focus();
      await page.keyboard.press('ArrowRight');
      const first = await page.locator('#tip').textContent();
      expect(first).toMatch(/^Episode \d+/);
      await page.keyboard.press('ArrowRight');
      expect(await page.locator('#tip').textContent()).not.toBe(first);
      expect(await page.locator('#tip').isVisible()).toBe(true);
      await page.keyboard.press('Escape');
      expect(await page.locator('#tip').isVisible()).toBe(false);
      await page.close();
    });

    it('sorts names by the numbers in them', async () => {
      const { page } = await open('study', 1000);
      const names = ['budget-0.5', 'budget-10', 'budget-0.33', 'budget-2'];
      await page.evaluate(
        `document.body.innerHTML = '<table data-sortable><thead><tr><th>variant</th></tr></thead><tbody>${names
          .map((name) => `<tr><td>${name}</td></tr>`)
          .join('')}</tbody></table>'; (${ENHANCE})(document.body)`,
      );
      await page.locator('th button').click();
      expect(await page.locator('tbody tr').allTextContents()).toEqual([
        'budget-0.33',
        'budget-0.5',
        'budget-2',
        'budget-10',
      ]);
      await page.close();
    });

    it('sorts tables by number, from the keyboard too', async () => {
      const { page } = await open('study', 1000);
      const button = page.locator('#trials ~ .scroll thead button', { hasText: 'test accuracy' });
      const column = () =>
        page
          .locator('#trials ~ .scroll tbody tr')
          .evaluateAll((rows) =>
            rows
              .map((row) =>
                Math.round(
                  100 *
                    Number(
                      (row as unknown as { cells: { dataset: { value: string } }[] }).cells[3]!.dataset
                        .value || NaN,
                    ),
                ),
              )
              .filter((value) => !Number.isNaN(value)),
          );
      await button.focus();
      await page.keyboard.press('Enter');
      expect(await column()).toEqual([71, 72, 81, 82]);
      await page.keyboard.press('Enter');
      expect(await column()).toEqual([82, 81, 72, 71]);
      await page.close();
    });
  },
);

/** Smallest contrast (WCAG 2.2) of the page's text colours, charts included, against the paper. */
async function lowestContrast(page: Page): Promise<number> {
  return page.evaluate(`(() => {
    const luminance = (color) => { const [r, g, b] = color.match(/[\\d.]+/g).map((value) => { const c = value / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const paper = luminance(getComputedStyle(document.body).backgroundColor);
    const colors = [...document.querySelectorAll('p, h1, h2, h3, th, td, a, summary, .bad')].map((element) => getComputedStyle(element).color).concat([...document.querySelectorAll('svg text')].map((element) => getComputedStyle(element).fill));
    return Math.min(...colors.map((color) => { const own = luminance(color); return (Math.max(own, paper) + 0.05) / (Math.min(own, paper) + 0.05); }));
  })()`);
}

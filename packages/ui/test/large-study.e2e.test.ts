import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { PageContent } from '@tersor/study';
import { startUi, type Ui } from '../src/server/start-ui.js';
import type { Item } from '../src/items/item.js';
import { temporaryFolder, writeLargeStudy, writeResults } from './folders.js';

const root = join(__dirname, '../../..');
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
const suite = executablePath === undefined ? describe.skip : describe;
const TRIALS = 3000;
/** Most of the time in which charts are drawn that the server's thread may be busy. */
const BUSY = 0.5;

it('answers while it draws the charts of a study', async () => {
  const [page, study] = [await temporaryFolder(), await temporaryFolder()];
  await writeFile(join(page, 'index.html'), '');
  // What is drawn is all in one file: most of the time goes into the charts.
  const names = Array.from({ length: 60 }, (_, i) => `variant ${i}`);
  await writeLargeStudy(join(study, 'varied'), 300, names);
  await writeResults(join(study, 'varied'));
  const ui = await startUi({ folders: [study], program: [], page, port: 0 });
  const ask = async <T>(path: string) => (await (await fetch(`${ui.url}api/items${path}`)).json()) as T;
  try {
    const [{ id }] = await ask<[Item]>('');
    const before = performance.eventLoopUtilization();
    let isDrawn = false;
    const drawing = ask<{ view: PageContent }>(`/${id}`).finally(() => (isDrawn = true));
    expect(await ask(`/${id}/trials`)).toMatchObject({ total: 300 });
    expect(isDrawn).toBe(false);
    const { view } = await drawing;
    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(BUSY);
    expect(view.sections.find((section) => section.id === 'fronts')?.body).toContain('<svg');
  } finally {
    await ui.close();
    for (const folder of [page, study]) await rm(folder, { recursive: true, force: true });
  }
});

suite(
  `a study of ${TRIALS} trials in Chromium${executablePath === undefined ? ' (skipped: no Chromium is installed)' : ''}`,
  () => {
    let folders: string[];
    let ui: Ui;
    let browser: Browser;
    beforeAll(async () => {
      const [page, study] = (folders = [await temporaryFolder(), await temporaryFolder()]) as [
        string,
        string,
      ];
      const vite = join(root, 'node_modules/vite/bin/vite.js');
      const build = ['build', '-c', 'packages/ui/vite.config.mjs', '--outDir', page];
      execFileSync(process.execPath, [vite, ...build], { cwd: root });
      await writeLargeStudy(join(study, 'large'), TRIALS);
      ui = await startUi({ folders: [study], program: [], page, port: 0 });
      browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
    });
    afterAll(async () => {
      await browser?.close();
      await ui?.close();
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    });

    const rows = (page: Page) => page.locator('#trials + div tbody tr');
    /** The cells of a column on the page that is shown. */
    const column = (page: Page, at: number) =>
      rows(page)
        .locator(`td:nth-child(${at + 1})`)
        .allTextContents();

    it('sorts and filters all of them, and holds a hundred rows', async () => {
      const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
      page.setDefaultTimeout(200_000);
      const problems: string[] = [];
      page.on('console', (message) => problems.push(message.text()));
      page.on('pageerror', (error) => problems.push(error.message));
      let bytes = 0;
      page.on('response', (answer) => {
        if (answer.url().includes('/api/items/')) void answer.body().then((body) => (bytes += body.length));
      });
      await page.goto(ui.url);
      await page.getByRole('link', { name: 'large' }).click();
      const status = page.locator('#trials + div [role=status]');
      await status.getByText('1 to 100 of 3000 trials').waitFor();
      expect(await rows(page).count()).toBe(100);
      expect(Number(await page.evaluate('document.querySelectorAll("*").length'))).toBeLessThan(10_000);

      // By keyboard: the heads are buttons.
      await page.locator('#trials + div').getByRole('button', { name: 'bytes on disk' }).focus();
      await page.keyboard.press('Enter');
      await page.locator('#trials + div th[aria-sort=ascending]').waitFor();
      expect((await column(page, 2)).slice(0, 3)).toEqual(['2999', '2998', '2997']);

      await page.getByRole('button', { name: 'Next' }).focus();
      await page.keyboard.press('Enter');
      await status.getByText('101 to 200 of 3000 trials').waitFor();
      expect(await column(page, 2)).toHaveLength(100);

      await page.locator('#trials + div input[type=search]').fill('broken');
      await status.getByText('30 of 3000 trials').waitFor();
      expect(new Set(await column(page, 3))).toEqual(new Set(['failed']));
      expect(Number(await page.evaluate('document.documentElement.scrollWidth'))).toBeLessThanOrEqual(390);
      // Charts fit the page, also when it is turned.
      const plots = (width: string) => page.locator(`#front-bytes .plot.${width}`);
      await plots('narrow').waitFor({ state: 'attached' });
      expect(await plots('wide').count()).toBe(0);
      expect(bytes).toBeLessThan(1_500_000);
      await page.setViewportSize({ width: 800, height: 390 });
      await plots('wide').waitFor({ state: 'attached' });
      expect(await plots('narrow').count()).toBe(0);
      expect(problems).toEqual([]);
      await page.close();
    });

    it('puts two of its trials side by side', async () => {
      const page = await browser.newPage();
      page.setDefaultTimeout(200_000);
      await page.goto(ui.url);
      await page.getByRole('link', { name: 'large' }).click();
      for (const at of [0, 1]) await rows(page).nth(at).getByRole('checkbox').check();
      await page.getByText('Compare 2 runs').click();
      await page.getByRole('heading', { name: 'What differs' }).waitFor();
      expect(await page.locator('h1').textContent()).toMatch(/large: [0-9a-f]{12} and large: /);
      await page.close();
    });

    it('counts those that failed, and says why', async () => {
      const page = await browser.newPage();
      page.setDefaultTimeout(200_000);
      await page.goto(ui.url);
      await page.getByText('30 failed').waitFor();
      await page.getByRole('link', { name: 'large' }).click();
      await page.getByText('2970 of 3000').first().waitFor();
      await page.getByRole('heading', { name: 'What failed' }).waitFor();
      await page.locator('#trials + div').getByLabel('Status').selectOption('failed');
      await page.locator('#trials + div [role=status]').getByText('30 of 3000 trials').waitFor();
      await rows(page).first().getByRole('link').click();
      await page.getByRole('heading', { name: 'Why it failed' }).waitFor();
      expect(await page.locator('main').textContent()).toContain('broken');
      await page.close();
    });
  },
);

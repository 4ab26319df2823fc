import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { CHROMIUM, describeInChromium } from './chromium.js';
import { PROGRAM } from './program.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const root = join(__dirname, '../../..');
/** Milliseconds that anything may take on a busy machine. */
const PATIENCE_MS = 200_000;
const MISCHIEF = 'odd <img src=x onerror=alert(1)> & "name"';

/** An agent that fails in its first episode. */
const BROKEN = `
const options = { '~standard': { version: 1, vendor: 'none', validate: (value) => ({ value }) } };
const agent = { act() { throw new Error('broken on purpose'); }, observe() {}, learn: () => ({}), save: () => ({}), load() {}, dispose() {} };
module.exports = {
  tersorPlugin: 1, name: 'mine', kind: 'agent', id: 'broken', core: '>=0.1.0 <1.0.0', description: '', options,
  create: () => () => agent,
};`;

describeInChromium('tersor ui in Chromium', () => {
  let project: TinyProject;
  let browser: Browser;
  let url: string;
  const children: ChildProcess[] = [];
  const started = (args: readonly string[]) => {
    const child = spawn(process.execPath, [...PROGRAM, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: project.folder,
    });
    children.push(child);
    child.stderr!.resume();
    return child;
  };
  const compress = (out: string, episodes: number, ...more: string[]) =>
    started([
      'compress',
      project.config,
      '--out',
      join(project.folder, 'runs', out),
      ...set(episodes),
      ...more,
    ]);
  const set = (episodes: number) => [
    '--set',
    `prune.search.episodes=${episodes}`,
    '--set',
    'quantize.search.episodes=3',
  ];

  beforeAll(async () => {
    // What `npm run build` leaves; the tests run from source.
    const vite = join(root, 'node_modules/vite/bin/vite.js');
    execFileSync(process.execPath, [vite, 'build', '-c', 'packages/ui/vite.config.mjs'], { cwd: root });
    project = await createTinyProject();
    const first = compress('first', 3);
    const second = compress(MISCHIEF, 4, '--set', 'prune.budget.macs=0.8');
    await writeFile(join(project.folder, 'broken.cjs'), BROKEN);
    const study =
      'name: Two agents\nconfig: compress.yaml\nset: { prune.search.episodes: 3, quantize.search.episodes: 3 }\n' +
      'grid: { agent: { good: { prune.agent: random }, bad: { prune.agent: ./broken.cjs } } }\nseeds: [1]\noutput: runs/study\n';
    await writeFile(join(project.folder, 'study.yaml'), study);
    await Promise.all([once(first, 'exit'), once(second, 'exit')]);
    const ui = started(['ui', 'runs', '--port', '0']);
    url = String((await once(ui.stdout!, 'data'))[0]).split('\n')[0]!;
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    for (const child of children) child.kill('SIGKILL');
    await rm(project.folder, { recursive: true, force: true });
  });

  const open = async (path = '', width = 1000, colorScheme: 'light' | 'dark' = 'light') => {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    page.setDefaultTimeout(PATIENCE_MS);
    const problems: string[] = [];
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(new URL(path, url).href);
    return { page, problems };
  };
  const rowOf = (page: Page, name: string) =>
    page.locator('.list tbody tr').filter({ has: page.getByRole('link', { name, exact: true }) });
  const episodesDone = async (page: Page) =>
    Number(
      /(\d+) of \d+episodes, stage 1/.exec((await page.locator('.tiles').textContent()) ?? '')?.[1] ?? 0,
    );
  const until = async (isThere: () => Promise<boolean>) => {
    const end = performance.now() + PATIENCE_MS;
    while (!(await isThere())) {
      if (performance.now() > end) throw new Error('It did not come.');
      await new Promise((done) => setTimeout(done, 100));
    }
  };
  const marks = (page: Page, chart: string) => page.locator(`${chart} .plot.wide [data-tip]`).count();

  it('shows a run as it goes on, stops it with a checkpoint, and goes on with it', async () => {
    const { page, problems } = await open();
    const live = compress('live', 100_000);
    await rowOf(page, 'live').getByRole('link').click();
    await until(async () => (await episodesDone(page)) > 3);
    const before = await episodesDone(page);
    await until(async () => (await episodesDone(page)) > before);
    await until(async () => (await marks(page, '#reward-prune')) > 3);
    await until(async () => (await marks(page, '#best-policy')) > 0);

    const ended = once(live, 'exit');
    await page.getByRole('button', { name: 'Stop' }).focus();
    await page.keyboard.press('Enter');
    expect((await ended)[0]).toBe(130);
    const files = await readdir(join(project.folder, 'runs/live/checkpoint'));
    expect(files.filter((name) => name.endsWith('.ckpt')).length).toBeGreaterThan(0);
    await page.getByText('stopped as requested').first().waitFor();
    const stoppedAt = await episodesDone(page);

    await page.getByRole('button', { name: 'Resume' }).click();
    expect(await page.locator('dialog pre').textContent()).toContain('--resume');
    await page.getByRole('button', { name: 'Start it' }).click();
    await until(async () => (await episodesDone(page)) > stoppedAt + 1);
    await page.locator('pre.log').getByText('stage 1: pruning search').waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('stopped as requested').first().waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });

  it('compares two runs layer by layer, chosen by keyboard, names as they are', async () => {
    const { page, problems } = await open();
    for (const name of ['first', MISCHIEF]) {
      await page.getByRole('checkbox', { name: `Compare ${name}` }).focus();
      await page.keyboard.press('Space');
    }
    await page.getByText('Compare 2 runs').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Channels of each layer' }).waitFor();
    expect(await page.locator('h1').textContent()).toContain(MISCHIEF);
    await until(async () => (await marks(page, '#layers-channels')) > 3);
    expect(problems).toEqual([]);
    await page.close();
  });

  it('says why a trial of a study failed, from a table that filters, with its log', async () => {
    await once(started(['study', 'study.yaml']), 'exit');
    const { page, problems } = await open();
    await rowOf(page, 'study').getByRole('link').click();
    await page.getByRole('heading', { name: 'Trials', exact: true }).waitFor();
    await page.locator('#trials + div tbody tr', { hasText: 'failed' }).getByRole('link').click();
    await page.getByRole('heading', { name: 'Why it failed' }).waitFor();
    expect(await page.locator('main').textContent()).toContain('broken on purpose');
    await page.goBack();
    await page.getByRole('heading', { name: 'Trials', exact: true }).waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });

  it('filters the list, and fits a phone in the dark without scrolling sideways', async () => {
    const { page, problems } = await open('', 390, 'dark');
    await rowOf(page, 'first').waitFor();
    await page.getByLabel('Filter').fill('odd');
    await until(async () => (await page.locator('.list tbody tr').count()) === 1);
    const fits = async () => Number(await page.evaluate('document.documentElement.scrollWidth'));
    expect(await fits()).toBeLessThanOrEqual(390);
    await page.getByRole('link', { name: MISCHIEF }).click();
    await page.getByRole('heading', { name: 'Layers', exact: true }).waitFor();
    expect(await fits()).toBeLessThanOrEqual(390);
    await page.locator('#layers-kept .plot.narrow').waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });

  it('ends at once with Ctrl-C, while pages are open', async () => {
    const own = started(['ui', 'runs', '--port', '0']);
    const address = String((await once(own.stdout!, 'data'))[0]).split('\n')[0]!;
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(address);
    await rowOf(page, 'first').waitFor();
    // The page keeps a connection open: a server that waits for it never ends.
    own.kill('SIGINT');
    expect((await once(own, 'exit'))[0]).toBe(130);
    await page.getByRole('alert').getByText('The server does not answer').waitFor();
    await page.close();
  });
});

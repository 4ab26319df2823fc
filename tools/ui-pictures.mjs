// npm run docs:ui-pictures, after build: what `tersor ui` shows, as docs/images/ui-*.webp: two short runs of the
// example that are done, and one that goes on. It takes an installed Chromium and some minutes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startChromium, takePicture } from './chromium.mjs';
import { root } from './packages.mjs';

const out = join(root, 'out/ui');
const SHORT = [
  'dataset.validation=200',
  'prune.images=100',
  'prune.pruner.images=200',
  'prune.finetune.epochs=0',
];
const program = ['--conditions=tersor/source', join(root, 'tools/bin/tersor.mjs')];
const children = [];

rmSync(out, { recursive: true, force: true });
const browser = await startChromium();
try {
  const done = [compress('budget-0.33', 8), compress('budget-0.5', 8, 'prune.budget.macs=0.5')];
  await Promise.all(done.map((child) => once(child, 'exit')));
  const watched = compress('watched', 400);
  const ui = tersor('ui', 'out/ui', '--port', '0');
  const url = String((await once(ui.stdout, 'data'))[0]).split('\n')[0];
  await picture('list', url, 1280, 'light', async (page) => {
    await page.getByText('episodes').first().waitFor({ timeout: 180_000 });
  });
  const open = async (page) => {
    await page.getByRole('link', { name: 'watched' }).click();
    await page.waitForFunction(
      () => document.querySelectorAll('#candidates-prune .plot [data-tip]').length > 60,
      undefined,
      { timeout: 400_000 },
    );
  };
  await picture('phone', url, 390, 'dark', open);
  // Nothing is drawn anew any more, so what is chosen stays.
  watched.kill('SIGKILL');
  await picture('run', url, 1280, 'light', async (page) => {
    await open(page);
    await page.getByText('its process is gone').first().waitFor({ timeout: 180_000 });
    await page.locator('#candidates-prune .plot.wide').focus();
    for (let press = 0; press < 3; press++) await page.keyboard.press('ArrowLeft');
    await page.evaluate(() => document.querySelector('#candidates').scrollIntoView());
  });
  await picture('compare', url, 1280, 'dark', async (page) => {
    for (const name of ['budget-0.33', 'budget-0.5']) await page.getByLabel(`Compare ${name}`).check();
    await page.getByText('Compare 2 runs').click();
    await page.locator('#layers').waitFor();
    await page.evaluate(() => document.querySelector('#layers').scrollIntoView());
  });
} finally {
  await browser.close();
  for (const child of children) child.kill('SIGKILL');
}
process.exit();

function tersor(...args) {
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

function compress(name, episodes, ...more) {
  const settings = [
    ...SHORT,
    `prune.search.episodes=${episodes}`,
    'quantize.search.episodes=4',
    'quantize.images=100',
    ...more,
  ];
  const child = tersor(
    ...['compress', 'examples/vgg-small/compress.yaml', '--quiet', '--out', `out/ui/${name}`],
    ...settings.flatMap((each) => ['--set', each]),
  );
  child.stdout.resume();
  return child;
}

/** Takes a picture of the page when `reach` has gone where it is to be. */
async function picture(name, url, width, colorScheme, reach) {
  const page = await browser.newPage({ viewport: { width, height: width < 600 ? 844 : 900 }, colorScheme });
  await page.goto(url);
  await reach(page);
  await takePicture(page, `ui-${name}`);
  await page.close();
}

// Builds the page, uses it in a headless Chromium as a visitor does, and prints what it shows as JSON. With a
// folder, takes pictures there, of a desktop and a phone, light and dark.
// node examples/browser/check.mjs [folder]    (after prepare.ts; CHROMIUM names the browser if it is not
// /usr/bin/chromium)
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { build, preview } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));
const [folder] = process.argv.slice(2);
const SIZES = { desktop: { width: 1280, height: 1000 }, phone: { width: 390, height: 844 } };
await build({ root, logLevel: 'error' });
const server = await preview({ root, logLevel: 'error', preview: { port: 0, host: '127.0.0.1' } });
const address = server.resolvedUrls.local[0];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
  ],
});
const errors = [];

async function open(viewport, colorScheme, query = '') {
  const page = await browser.newPage({ viewport, colorScheme });
  page.setDefaultTimeout(120_000);
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(`${address}${query}`);
  await ready(page);
  return page;
}

const ready = (page) =>
  page.waitForSelector('#status:not([data-state=loading], [data-state=before])', { timeout: 240_000 });
/** Chooses, and waits until what was chosen is there: "loading" may be over before anybody looks. */
const choose = async (page, selector, value) => {
  await page.evaluate(() => (document.querySelector('#status').dataset.state = 'before'));
  await page.selectOption(selector, value);
  await ready(page);
};
const textOf = (page, selector) => page.$$eval(selector, (found) => found.map(({ innerText }) => innerText));
const saidAfter = async (page, act) => {
  const before = await page.innerText('#agreement');
  await page.evaluate(() => (document.querySelector('#agreement').textContent = ''));
  await act();
  await page.waitForFunction(() => document.querySelector('#agreement').textContent !== '');
  return { before, after: await page.innerText('#agreement') };
};

try {
  const page = await open(SIZES.desktop, 'light');
  const networks = await page.$$eval('#network option', (all) => all.map(({ value }) => value));
  const shown = {};
  for (const network of networks) {
    await choose(page, '#network', network);
    shown[network] = {
      status: await page.innerText('#status'),
      original: await textOf(page, '#original :is(dd, li)'),
      packed: await textOf(page, '#packed :is(dd, li)'),
      agreement: await page.innerText('#agreement'),
    };
  }
  await choose(page, '#network', networks[0]);
  // By keyboard alone: from the first picker to a sample.
  await page.focus('#network');
  const walked = [];
  for (let i = 0; i < 6; i++) {
    await page.keyboard.press('Tab');
    walked.push(
      await page.evaluate(
        () => document.activeElement.id || document.activeElement.getAttribute('aria-label'),
      ),
    );
  }
  const byKeyboard = await saidAfter(page, () => page.keyboard.press('Enter'));
  const dropped = await saidAfter(page, () =>
    page.evaluate(async () => {
      const canvas = document.querySelectorAll('#samples canvas')[5];
      const blob = await new Promise((resolve) => canvas.toBlob(resolve));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([blob], 'dropped.png', { type: 'image/png' }));
      document.querySelector('#drop').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
    }),
  );
  await page.setInputFiles('#file', {
    name: 'no-image.png',
    mimeType: 'image/png',
    buffer: Buffer.from('text'),
  });
  await page.waitForSelector('#status[data-state=failed]');
  const refused = await page.innerText('#status');
  await saidAfter(page, () => page.click('#camera'));
  const camera = await page.getAttribute('#camera', 'aria-pressed');
  await page.click('#camera');
  await page.click('#all');
  await page.waitForFunction(() => document.querySelector('#comparison').textContent !== '', undefined, {
    timeout: 240_000,
  });
  const comparison = await page.innerText('#comparison');
  await choose(page, '#backend', 'cpu');
  const onCpu = { status: await page.innerText('#status'), classes: await textOf(page, '#packed li') };
  await page.close();

  const widths = {};
  for (const [name, viewport] of Object.entries(SIZES))
    for (const scheme of ['light', 'dark']) {
      const other = await open(viewport, scheme, `?network=${networks[0]}`);
      widths[`${name}-${scheme}`] = {
        scrolls: await other.evaluate(() => document.documentElement.scrollWidth > innerWidth),
        background: await other.evaluate(() => getComputedStyle(document.body).backgroundColor),
        smallest: await other.$$eval('button, select, .button', (all) =>
          Math.min(
            ...all.filter((each) => each.offsetParent).map((each) => each.getBoundingClientRect().height),
          ),
        ),
      };
      if (folder)
        await other.screenshot({
          path: join(folder, `demo-${name}-${scheme}.png`),
          fullPage: name === 'phone',
        });
      await other.close();
    }
  console.log(
    JSON.stringify({
      shown,
      walked,
      byKeyboard,
      dropped,
      refused,
      camera,
      comparison,
      onCpu,
      widths,
      errors,
    }),
  );
} finally {
  await browser.close();
  await server.close();
}

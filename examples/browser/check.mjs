// Builds the page, opens it in a headless Chromium, and prints what it shows as JSON. With a path, takes a
// screenshot too.
// node examples/browser/check.mjs [screenshot.png] [--page folder]    (after prepare.ts; CHROMIUM names the
// browser if it is not /usr/bin/chromium; another folder than this one may hold such a page)
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { build, preview } from 'vite';

const { values, positionals } = parseArgs({ options: { page: { type: 'string' } }, allowPositionals: true });
const root = resolve(values.page ?? import.meta.dirname);
await build({ root, logLevel: 'error' });
const server = await preview({ root, logLevel: 'error', preview: { port: 0, host: '127.0.0.1' } });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1080, height: 1000 } });
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(server.resolvedUrls.local[0]);
  await page.waitForSelector('#status:not([data-state=loading])', { timeout: 240_000 });
  const shown = await page.$eval('#status', ({ dataset, textContent }) => ({
    ...dataset,
    text: textContent,
  }));
  if (positionals[0]) await page.screenshot({ path: positionals[0] });
  console.log(JSON.stringify({ ...shown, errors }));
} finally {
  await browser.close();
  await server.close();
}

// Builds the page, opens it in a headless Chromium, and prints what it shows as JSON. With a path, takes a
// screenshot too.
// node examples/ocr-direction/page/check.mjs [screenshot.png]    (after prepare.mjs; CHROMIUM names the
// browser if it is not /usr/bin/chromium)
import { chromium } from 'playwright-core';
import { build, preview } from 'vite';

const root = import.meta.dirname;
const [picture] = process.argv.slice(2);
await build({ root, logLevel: 'error' });
const server = await preview({ root, logLevel: 'error', preview: { port: 0, host: '127.0.0.1' } });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1080, height: 1000 } });
  page.setDefaultTimeout(240_000);
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(server.resolvedUrls.local[0]);
  await page.waitForSelector('#status:not([data-state=loading])');
  const shown = await page.$eval('#status', ({ dataset, textContent }) => ({
    ...dataset,
    text: textContent,
  }));
  if (picture) await page.screenshot({ path: picture });
  console.log(JSON.stringify({ ...shown, errors }));
} finally {
  await browser.close();
  await server.close();
}

// What takes pictures of pages: an installed Chromium.
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { root } from './packages.mjs';

/** Starts it. Throws where there is none. */
export async function startChromium() {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync);
  if (executablePath === undefined) throw new Error('Chromium is not installed.');
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}

/** Writes what a page shows as docs/images/<name>.webp, and says how large it is. */
export async function takePicture(page, name) {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 80 });
  const path = join(root, 'docs/images', `${name}.webp`);
  writeFileSync(path, Buffer.from(data, 'base64'));
  console.log(`docs/images/${name}.webp: ${statSync(path).size} bytes`);
}

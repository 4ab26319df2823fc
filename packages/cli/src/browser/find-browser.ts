import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join, resolve } from 'node:path';
import { messageOf, TersorError } from '@tersor/core';
import type { Browser, BrowserType } from 'playwright-core';

/** Names of browsers on the PATH, and usual paths of those that are not on it. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** Arguments that a headless browser needs for graphics. */
const GRAPHICS = ['--enable-unsafe-webgpu', '--ignore-gpu-blocklist', '--enable-features=Vulkan'];

/** How a browser is found and started. */
export interface BrowserChoice {
  /** The executable; by default `TERSOR_BROWSER`, or the first that is found. */
  readonly path?: string | undefined;
  /** Whether it needs a graphics adapter. */
  readonly graphics: boolean;
}

/**
 * Starts a headless Chromium with the project's playwright-core. `TERSOR_BROWSER_ARGS` replaces the arguments
 * that enable graphics. Throws `BROWSER_UNAVAILABLE`.
 */
export async function startBrowser({ path, graphics }: BrowserChoice): Promise<Browser> {
  const chromium = loadPlaywright();
  const executablePath = findBrowser(chromium, path);
  const own = process.env['TERSOR_BROWSER_ARGS']?.split(/\s+/).filter((arg) => arg !== '');
  try {
    return await chromium.launch({ executablePath, args: own ?? (graphics ? GRAPHICS : ['--disable-gpu']) });
  } catch (cause) {
    throw new TersorError(
      'BROWSER_UNAVAILABLE',
      `${executablePath} cannot be started: ${messageOf(cause).split('\n')[0]}`,
      { cause, hint: 'Choose another with --browser-path, or set its arguments in TERSOR_BROWSER_ARGS.' },
    );
  }
}

/** The playwright-core of the current project, or else one installed beside this package. */
function loadPlaywright(): BrowserType {
  for (const place of [join(process.cwd(), 'package.json'), __filename]) {
    const require = createRequire(place);
    let entry: string;
    try {
      entry = require.resolve('playwright-core');
    } catch {
      continue;
    }
    return (require(entry) as { readonly chromium: BrowserType }).chromium;
  }
  throw new TersorError(
    'BROWSER_UNAVAILABLE',
    'playwright-core, which drives the browser, is not installed.',
    {
      hint: 'npm install --save-dev playwright-core',
    },
  );
}

function findBrowser(chromium: BrowserType, named = process.env['TERSOR_BROWSER']): string {
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return resolve(named);
    throw new TersorError('BROWSER_UNAVAILABLE', `There is no browser at ${named}.`, { hint: HINT });
  }
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = [chromium.executablePath(), ...onPath, ...PLACES].find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new TersorError('BROWSER_UNAVAILABLE', 'No Chromium, Chrome or Edge was found on this machine.', {
    hint: HINT,
  });
}

const HINT =
  'Name one with --browser-path or TERSOR_BROWSER, or install one: npx playwright-core install chromium';

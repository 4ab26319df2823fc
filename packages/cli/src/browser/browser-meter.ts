import { TersorError, messageOf, type LatencyTable } from '@tersor/core';
import { WARM_UP, type LatencyMeter } from '@tersor/network';
import type { Page } from 'playwright-core';
import { startBrowser } from './find-browser.js';
import { startPageServer } from './page-server.js';

/** The tfjs backends that a browser can have. */
export const BROWSER_BACKENDS = ['wasm', 'webgl', 'webgpu'] as const;

export interface BrowserMeterOptions {
  readonly backend: string;
  /** Threads of the wasm backend. */
  readonly threads: number;
  /** Whether a software adapter may be measured. */
  readonly allowSoftware: boolean;
  /** The browser's executable; by default it is searched for. */
  readonly path?: string | undefined;
}

/** A meter that times networks on a page in a browser. */
export interface BrowserMeter extends LatencyMeter {
  /** Closes the browser and the page's server. */
  close(): Promise<void>;
}

/** What the page reports after its start. */
interface Started {
  readonly adapter?: string;
  readonly isFallback?: boolean;
  readonly userAgent: string;
}

/** Adapters that compute on the processor. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|lavapipe|software|basic render|warp/i;

/**
 * Opens a Chromium with a page that runs networks with tfjs as LayersModels, like a site that loads them.
 * Throws `BROWSER_UNAVAILABLE`, also for a software adapter if that is not allowed.
 */
export async function openBrowserMeter(options: BrowserMeterOptions): Promise<BrowserMeter> {
  const { backend, threads, allowSoftware, path } = options;
  const server = await startPageServer();
  const ends = [server.close];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const browser = await startBrowser({ path, graphics: backend !== 'wasm' });
    ends.push(() => browser.close());
    const page = await browser.newPage();
    await page.goto(server.address);
    await page.waitForFunction('globalThis.takeTurns');
    const where = `Chromium ${browser.version()}`;
    const started = await call<Started>(page, 'start', { backend, threads }).catch((cause: unknown) => {
      throw new TersorError('BROWSER_UNAVAILABLE', `${where} cannot run on ${backend}: ${reasonOf(cause)}`, {
        cause,
        hint: 'Choose another with --backend, or give the browser arguments in TERSOR_BROWSER_ARGS.',
      });
    });
    const { adapter, isFallback, userAgent } = started;
    const software = isFallback === true || (adapter !== undefined && SOFTWARE.test(adapter));
    if (software && !allowSoftware)
      throw new TersorError(
        'BROWSER_UNAVAILABLE',
        `${where} has only a software adapter for ${backend} (${adapter}), whose times are not those of a graphics card.`,
        {
          hint: 'Use a machine whose browser has a graphics card, or --backend wasm; --allow-software measures it anyway.',
        },
      );
    return {
      backend,
      details: {},
      browser: {
        name: 'Chromium',
        version: browser.version(),
        userAgent,
        ...(adapter !== undefined && { adapter }),
        ...(software && { software }),
        ...(backend === 'wasm' && { threads }),
      },
      takeTurns: async (graphs, { images, repeats }) => {
        const networks = server.offer(graphs);
        const times = await call<number[][]>(page, 'takeTurns', {
          networks,
          images,
          runs: WARM_UP + repeats,
        }).catch((cause: unknown) => {
          throw new TersorError(
            'MODEL_UNSUPPORTED',
            `"${graphs[0]!.name}" does not run in ${where} on ${backend}: ${reasonOf(cause)}`,
            { cause, hint: 'Choose another backend with --backend.' },
          );
        });
        return times.map((each) => each.slice(WARM_UP));
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Opens a browser with the backend and settings that a table was measured with. Throws like
 * `openBrowserMeter`.
 */
export function openMeterOf({ backend, browser }: LatencyTable): Promise<BrowserMeter> {
  const { threads = 1, software = false } = browser!;
  return openBrowserMeter({ backend, threads, allowSoftware: software });
}

function call<T>(page: Page, name: 'start' | 'takeTurns', options: object): Promise<T> {
  return page.evaluate(`globalThis.${name}(${JSON.stringify(options)})`);
}

/** The message of an error in the page, without its stack and Playwright's prefix. */
function reasonOf(cause: unknown): string {
  return messageOf(cause)
    .split('\n')[0]!
    .replace(/^page\.evaluate: (Error: )?/, '');
}

import { existsSync } from 'node:fs';

/** The browser that tests are run in: `CHROMIUM`, or the first that is installed; undefined for none. */
export const CHROMIUM = [
  process.env['CHROMIUM'] ?? '',
  ...['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
].find((path) => existsSync(path));

/** Describes what needs a browser; without one it is skipped, and says so. */
export function describeInChromium(name: string, body: () => void): void {
  if (CHROMIUM !== undefined) describe(name, body);
  else describe.skip(`${name} (skipped: no Chromium is installed)`, body);
}

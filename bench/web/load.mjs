// How long a page waits for a packed model and for the original, and whether it stays usable meanwhile: Chromium
// over CDP, its processor slowed down 4 times or not, its network as fast as the disk or 9 or 1.6 Mbit/s.
//
//   node bench/web/load.mjs ORIGINAL/model.json PACKED.tersor NAME   (CHROMIUM names the browser)
//
// Writes bench/web/results/load-NAME.json: medians, in milliseconds, of the arms in turns. `first` is the time
// until the first result, `longest` the longest task of the main thread while the model was loaded, and `busiest`
// the same in processor time of that thread, which what else the machine does cannot stretch.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { root } from '../../tools/packages.mjs';

const [original, packed, name] = process.argv.slice(2);
if (!name) throw new Error('usage: node bench/web/load.mjs ORIGINAL/model.json PACKED.tersor NAME');
const REPEATS = Number(process.env.REPEATS ?? 5);
/** Seconds that a download may take. */
const LONGEST = 60;
const ARMS = ['original', 'packed', 'worker', 'cache'];
const CONDITIONS = [
  { id: 'slow-processor', what: 'local, processor 4 times slower', slowdown: 4 },
  { id: 'local', what: 'local', slowdown: 1 },
  { id: 'mbit-9', what: '9 Mbit/s', slowdown: 1, mbit: 9 },
  { id: 'mbit-1.6', what: '1.6 Mbit/s', slowdown: 1, mbit: 1.6 },
];
const folder = dirname(original);
const originalBytes = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
const work = mkdtempSync(join(tmpdir(), 'tersor-load-'));
const require = createRequire(import.meta.url);
const wasm = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'));
await build({
  entryPoints: [join(root, 'bench/web/load-page.js')],
  outdir: work,
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  conditions: ['tersor/source'],
  logLevel: 'error',
});
const server = createServer(({ url }, response) => {
  const path = url.split('?')[0];
  const send = (type, file) => {
    const bytes = readFileSync(file);
    response.writeHead(200, {
      'content-type': type,
      'content-length': bytes.length,
      'cache-control': 'no-store',
    });
    response.end(bytes);
  };
  if (path === '/')
    response
      .setHeader('content-type', 'text/html')
      .end(
        '<!doctype html><link rel="icon" href="data:,"><script type="module" src="load-page.js"></script>',
      );
  else if (path.endsWith('.js')) send('text/javascript', join(work, path));
  else if (path === '/model.tersor') send('application/octet-stream', packed);
  else if (path.startsWith('/original/'))
    send('application/octet-stream', join(dirname(original), path.slice(10)));
  else if (path.startsWith('/wasm/')) send('application/wasm', join(wasm, path.slice(6)));
  else response.writeHead(404).end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const context = await browser.newContext();
const address = `http://127.0.0.1:${server.address().port}/`;

async function once(arm, { slowdown, mbit }) {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
  if (mbit) {
    await session.send('Network.enable');
    const bytes = (mbit * 1e6) / 8;
    await session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 20,
      downloadThroughput: bytes,
      uploadThroughput: bytes,
    });
  }
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await session.send('Tracing.start', {
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline', 'blink.user_timing'] },
  });
  await page.goto(`${address}?arm=${arm}`);
  const handle = await page.waitForFunction(() => globalThis.measured, undefined, { timeout: 300_000 });
  const measured = await handle.jsonValue();
  const traced = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await traced;
  await page.close();
  if (measured.error) throw new Error(`${arm}: ${measured.error}`);
  return { ...measured, busiest: busiestTask(events) };
}

/** Processor milliseconds of the longest task of the page's thread between its two marks. */
function busiestTask(events) {
  const [begin, end] = ['load begins', 'load ends'].map((mark) => events.find(({ name }) => name === mark));
  const during = events.filter(
    ({ name, tid, pid, ts, dur }) =>
      name === 'RunTask' && tid === begin.tid && pid === begin.pid && ts + dur > begin.ts && ts < end.ts,
  );
  return Math.max(0, ...during.map(({ tdur }) => tdur)) / 1000;
}

try {
  // Fills the cache, which the arm "cache" then reads: a second visit.
  await once('cache', { slowdown: 1 });
  const rows = [];
  for (const { id, what, ...condition } of CONDITIONS) {
    // A visitor would not wait so long either.
    const seconds = condition.mbit ? (originalBytes * 8) / (condition.mbit * 1e6) : 0;
    const arms = ARMS.filter((arm) => arm !== 'original' || seconds < LONGEST);
    const runs = Object.fromEntries(arms.map((arm) => [arm, []]));
    for (let i = 0; i < REPEATS; i++)
      for (const arm of arms) if (i < 1 || !condition.mbit) runs[arm].push(await once(arm, condition));
    for (const arm of arms)
      rows.push({
        condition: id,
        what,
        arm,
        ...Object.fromEntries(
          ['load', 'first', 'longest', 'busiest'].map((key) => [
            key,
            median(runs[arm].map((run) => run[key])),
          ]),
        ),
      });
    console.error(rows.slice(-arms.length));
  }
  const result = {
    chromium: browser.version(),
    machine: `${cpus()[0].model}, ${cpus().length} cores`,
    tfjs: '4.22.0, wasm, one thread',
    repeats: REPEATS,
    originalBytes,
    packedBytes: statSync(packed).size,
    rows,
  };
  writeFileSync(
    join(root, `bench/web/results/load-${name}.json`),
    `${JSON.stringify(result, undefined, 2)}\n`,
  );
} finally {
  await browser.close();
  server.close();
  rmSync(work, { recursive: true, force: true });
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return Math.round(sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2);
}

// npm run docs:pictures, after docs:build: what the home page, the demo, a report and the command line look like
// on a desktop and on a phone, light and dark, as docs/images/screen-*.webp. It takes an installed Chromium.
// Names behind it, like home-phone, take only these.
// With --all every picture that is worth a look goes to out/pictures, too: each page in both sizes and schemes.
import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { startChromium, takePicture } from './chromium.mjs';
import { root } from './packages.mjs';
import { terminalPage } from './terminal-page.mjs';

const site = join(root, 'docs/.vitepress/dist');
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
const SCHEMES = ['light', 'dark'];
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};
/** Columns of a terminal that fills the screen. */
const COLUMNS = { desktop: 100, phone: 44 };
const screens = {};

/** In the docs: name, address, size, scheme. */
const PAGES = [
  ['home-desktop', '/', 'desktop', 'light'],
  ['home-phone', '/', 'phone', 'dark'],
  ['demo-desktop', '/demo/', 'desktop', 'light'],
  ['demo-phone', '/demo/', 'phone', 'dark'],
  ['report-desktop', '/runs/vgg-small.html', 'desktop', 'light'],
  ['report-phone', '/runs/vgg-small.html', 'phone', 'dark'],
  ['study-desktop', '/studies/agents.html', 'desktop', 'light'],
  ['cli-desktop', 'terminal:', 'desktop', 'dark'],
  ['cli-phone', 'terminal:', 'phone', 'dark'],
];
/** To be looked at besides. */
const MORE = ['/benchmarks/paper', '/agents/', '/backends/', '/guide/comparing', '/guide/quick-start'];

if (!existsSync(site)) throw new Error('There is no site yet: npm run docs:build');
const browser = await startChromium();
const server = createServer(serve).listen(0);
const { port } = server.address();
try {
  const wanted = process.argv.slice(2).filter((name) => !name.startsWith('--'));
  for (const [name, address, size, scheme] of PAGES.filter(
    ([name]) => !wanted.length || wanted.includes(name),
  ))
    await picture(address, size, scheme, (page) => takePicture(page, `screen-${name}`));
  if (process.argv.includes('--all')) {
    const folder = join(root, 'out/pictures');
    mkdirSync(folder, { recursive: true });
    for (const address of [...new Set([...PAGES.map(([, each]) => each), ...MORE])])
      for (const size of Object.keys(SIZES))
        for (const scheme of SCHEMES) {
          const name = `${address.replace(/\W+/g, '-')}-${size}-${scheme}`.replace(/^-+/, '');
          await picture(address, size, scheme, async (page) => {
            const path = join(folder, `${name}.png`);
            await page.screenshot({ path, fullPage: true });
            console.log(`out/pictures/${name}.png: ${statSync(path).size} bytes`);
          });
        }
  }
} finally {
  await browser.close();
  server.close();
}

/** Opens a page and takes a picture of it; says so where it is wider than its window. */
async function picture(address, size, scheme, take) {
  const page = await browser.newPage({ viewport: SIZES[size], colorScheme: scheme });
  if (address === 'terminal:') await page.setContent(terminalPage(shown(COLUMNS[size]), COLUMNS[size]));
  else await page.goto(`http://localhost:${port}${address}`, { waitUntil: 'networkidle' });
  if (address === '/demo/') await classified(page);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  if (width > SIZES[size].width) console.error(`${address} is ${width} pixels wide at ${SIZES[size].width}`);
  await take(page);
  await page.close();
}

/** Waits until the demo has looked at an example image with both networks. */
async function classified(page) {
  const done = () => page.waitForSelector('#status:not([data-state="loading"])', { timeout: 60_000 });
  await done();
  await page.locator('#samples button').nth(3).click();
  await done();
  await page.waitForFunction(() => document.querySelectorAll('#packed .classes li').length > 0);
}

/** What commands write to a terminal of so many columns, colours and all; run once for each width. */
function shown(columns) {
  return (screens[columns] ??= written(columns));
}

function written(columns) {
  const tersor = (command) => {
    const line = `stty cols ${columns} rows 40; node --conditions=tersor/source tools/bin/tersor.mjs ${command}`;
    const output = execFileSync('script', ['-qec', line, '/dev/null'], { cwd: root, encoding: 'utf8' });
    return `$ npx tersor ${command}\n${output}\n`;
  };
  rmSync(join(root, 'out/first.yaml'), { force: true });
  const data = '--dataset cifar10 --option dir=examples/data/cifar-10-mini';
  return (
    tersor(`init --yes --model examples/vgg-small/model/model.json ${data} --out out/first.yaml`) +
    tersor('inspect examples/browser/models/vgg-small.tersor')
  );
}

function serve(request, response) {
  const path = join(site, decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
  const file = [path, `${path}.html`, join(path, 'index.html')].find(
    (each) => existsSync(each) && statSync(each).isFile(),
  );
  if (!file) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
  createReadStream(file).pipe(response);
}

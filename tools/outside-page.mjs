// The snippets of the guide's pages for web developers, each run as a visitor meets it: a fresh Vite app of the packed
// runtime, built, served with the headers that threads of wasm need, and opened in a headless Chromium.
// Run after `npm run build`: node tools/outside-page.mjs    (CHROMIUM names the browser)
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { packAll, publicPackages, root } from './packages.mjs';

const PAGES = ['docs/guide/browser.md', 'docs/guide/web.md'];
const TFJS = [
  'tfjs',
  'tfjs-core',
  'tfjs-layers',
  'tfjs-backend-wasm',
  'tfjs-backend-webgl',
  'tfjs-backend-cpu',
];
const CDN = 'https://cdn.jsdelivr.net/npm/@tensorflow/tfjs@4.22.0';
/** What is asked of a model once a snippet has made it. */
const ASK = `
globalThis.told = (async () => {
  const input = typeof scores === 'undefined' ? undefined : scores;
  return {
    layers: model.layers.length,
    classNames: model.classNames,
    scores: input && [...(await input.data())],
    isolated: crossOriginIsolated,
  };
})();`;
const IMAGE =
  "<svg xmlns='http://www.w3.org/2000/svg' width='32' height='32'><rect width='32' height='32' fill='teal'/></svg>";

/** The fenced blocks of a page that a browser runs. */
function snippetsOf(page) {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```(ts|js|html)\n(.*?)^```/gms)].map(([, language, code], i) => ({
    name: `${page} ${i + 1}`,
    file: `${page.replace(/\W/g, '-')}-${i + 1}`,
    language,
    code,
  }));
}

/** Throws where a snippet does not do what its page says. */
export async function runPageSnippets() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) return console.log(`outside: no snippets, there is no ${executablePath}`);
  const folder = mkdtempSync(join(tmpdir(), 'tersor-page-'));
  const write = (path, text) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const inside = (command, ...args) =>
    execFileSync(command, args, {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: '' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  try {
    const packages = publicPackages().filter(({ manifest }) => manifest.name === '@tersor/runtime');
    const [tarball] = packAll(join(folder, 'tarballs'), packages).values();
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    write(
      'package.json',
      JSON.stringify({
        name: 'page',
        private: true,
        type: 'module',
        dependencies: {
          '@tersor/runtime': `file:${tarball}`,
          ...Object.fromEntries(TFJS.map((name) => [`@tensorflow/${name}`, '4.22.0'])),
          vite: devDependencies.vite,
        },
      }),
    );
    inside('npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline');
    const library = (path) => join(folder, 'node_modules', path);
    const offer = (from, to) => cpSync(from, join(folder, 'public', to), { recursive: true });
    const wasm = library('@tensorflow/tfjs-backend-wasm/dist');
    for (const file of readdirSync(wasm).filter((name) => name.endsWith('.wasm')))
      offer(join(wasm, file), `wasm/${file}`);
    const models = join(root, 'examples/browser/models');
    // Made with `describe: true`, as the guide says.
    offer(join(models, 'mobilenet.tersor'), 'model.tersor');
    const classes = readFileSync(join(models, 'imagenet-classes.txt'), 'utf8').trim().split('\n');
    offer(join(root, 'examples/vgg-small/model'), 'models/vgg-small');
    offer(join(models, 'vgg-small.tersor'), 'models/vgg-small/model.tersor');
    for (const name of ['runtime.tfjs.min.js', 'runtime.min.js'])
      offer(library(`@tersor/runtime/dist/esm/${name}`), name);
    const snippets = PAGES.flatMap(snippetsOf);
    for (const { language, code, file } of snippets)
      if (language === 'html')
        write(`public/${file}.html`, `<!doctype html>${code.replace(/<\/script>\s*$/, `${ASK}</script>`)}`);
      else {
        write(`${file}.${language}`, code + ASK);
        write(
          `${file}.html`,
          `<!doctype html><img src="data:image/svg+xml,${encodeURIComponent(IMAGE)}"><script type="module" src="/${file}.${language}"></script>`,
        );
      }
    const bundled = snippets.filter(({ language }) => language !== 'html').map(({ file }) => `${file}.html`);
    const headers = {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    };
    write(
      'vite.config.js',
      `export default { build: { target: 'es2022', rollupOptions: { input: ${JSON.stringify(bundled)} } }, preview: { headers: ${JSON.stringify(headers)} } };`,
    );
    inside('npx', 'vite', 'build', '--logLevel', 'error');
    const { preview } = await import(library('vite/dist/node/index.js'));
    const server = await preview({
      root: folder,
      logLevel: 'error',
      preview: { port: 0, host: '127.0.0.1' },
    });
    const browser = await chromium.launch({ executablePath });
    try {
      for (const { name, file } of snippets) {
        const told = await open(browser, `${server.resolvedUrls.local[0]}${file}.html`, library);
        require(told.layers > 5, `${name}: ${JSON.stringify(told)}`);
        require(told.isolated, `${name}: the page is not isolated, so that wasm has no threads.`);
        if (told.classNames)
          require(told.classNames.join() === classes.join(), `${name}: ${told.classNames.slice(0, 3)}...`);
        if (!told.scores) continue;
        const sum = told.scores.reduce((total, score) => total + score, 0);
        require(told.scores.length === told.classNames.length &&
          Math.abs(sum - 1) < 1e-4, `${name}: scores ${told.scores}`);
      }
    } finally {
      await browser.close();
      await server.close();
    }
    console.log(`outside: ${snippets.length} snippets of the guide run in a Vite app`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a page tells, or its first error. */
async function open(browser, address, library) {
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  // As the CDN answers.
  await page.route(CDN, (route) =>
    route.fulfill({
      path: library('@tensorflow/tfjs/dist/tf.min.js'),
      contentType: 'text/javascript',
      headers: { 'cross-origin-resource-policy': 'cross-origin' },
    }),
  );
  page.setDefaultTimeout(120_000);
  await page.goto(address);
  const told = page.waitForFunction(() => globalThis.told, undefined);
  const failed = new Promise((_, reject) =>
    page.on('pageerror', ({ message }) => reject(new Error(`${address}: ${message}`))),
  );
  const result = await Promise.race([told, failed]);
  const value = await result.evaluate((promise) => promise);
  await page.close();
  if (errors.length > 0) throw new Error(`${address}: ${errors}`);
  return value;
}

function require(condition, message) {
  if (!condition) throw new Error(message);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runPageSnippets();

// Where the packed runtime loads a model: Node, Bun, Deno, and Node with what React Native lacks taken away. Run after
// `npm run build`: node tools/platforms.mjs    writes bench/node/results/platforms.json, which the page
// docs/guide/browser.md shows by `npm run pages`. npm brings the binaries of Bun and Deno.
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { packAll, publicPackages, root } from './packages.mjs';

const RESULTS = join(root, 'bench/node/results/platforms.json');
const GOLDEN = join(root, 'packages/runtime/test');
const PLATFORMS = [
  { name: 'Node', command: () => [process.execPath] },
  {
    name: 'Bun',
    npm: `@oven/bun-${process.platform}-${cpu('aarch64')}`,
    command: (at) => [join(at, 'bin/bun')],
  },
  {
    name: 'Deno',
    npm: `@deno/${process.platform}-${cpu('arm64')}${process.platform === 'linux' ? '-glibc' : ''}`,
    command: (at) => [join(at, 'deno'), 'run', '--allow-all', '--node-modules-dir=manual', '--no-lock'],
  },
  {
    name: 'imitated',
    command: () => [process.execPath, '--import', './as-react-native.mjs'],
  },
];

function cpu(arm) {
  return process.arch === 'arm64' ? arm : process.arch;
}

/** A row for each platform that npm can bring here; throws where a case fails on one. */
export async function checkPlatforms() {
  const folder = mkdtempSync(join(tmpdir(), 'tersor-platforms-'));
  const bytes = readFileSync(join(GOLDEN, 'golden-v1.tersor'));
  const server = createServer(({ url }, response) => {
    if (url === '/model.tersor') response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    else if (url === '/stalls') response.write(bytes.subarray(0, 100));
    else response.writeHead(404).end('gone');
  });
  try {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    install(folder);
    const rows = [];
    for (const { name, npm, command } of PLATFORMS) {
      const at = npm && join(folder, 'node_modules', npm);
      if (at && !existsSync(at)) {
        console.log(`platforms: npm cannot bring ${name} here`);
        continue;
      }
      const [binary, ...options] = command(at);
      rows.push(await row(name, binary, options, folder, `http://127.0.0.1:${server.address().port}`));
    }
    const wrong = rows.flatMap(({ platform, cases }) =>
      Object.entries(cases)
        .filter(([, said]) => said !== 'yes' && said !== 'none there' && said !== 0)
        .map(([id, said]) => `${platform}, ${id}: ${said}`),
    );
    if (wrong.length > 0) throw new Error(`platforms:\n${wrong.join('\n')}`);
    return rows;
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The packed runtime, tfjs, and the binaries, in a project of their own. */
function install(folder) {
  const packages = publicPackages().filter(({ manifest }) => manifest.name === '@tersor/runtime');
  const [tarball] = packAll(join(folder, 'tarballs'), packages).values();
  const tfjs = ['core', 'layers', 'backend-cpu'].map((name) => [`@tensorflow/tfjs-${name}`, '4.22.0']);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      private: true,
      type: 'module',
      dependencies: { '@tersor/runtime': `file:${tarball}`, ...Object.fromEntries(tfjs) },
      // Those that npm lacks for this machine are left out.
      optionalDependencies: Object.fromEntries(PLATFORMS.flatMap(({ npm }) => (npm ? [[npm, '*']] : []))),
    }),
  );
  for (const file of ['platform-check.mjs', 'as-react-native.mjs'])
    copyFileSync(join(root, 'tools', file), join(folder, file));
  for (const file of ['golden-v1.tersor', 'golden-v1.json'])
    copyFileSync(join(GOLDEN, file), join(folder, file));
  execFileSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--prefer-offline'],
    { cwd: folder, stdio: 'ignore', shell: process.platform === 'win32' },
  );
}

async function row(platform, binary, options, folder, address) {
  const env = { ...process.env, NODE_OPTIONS: '' };
  const version = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.match(/\d+\.\d+\.\d+/)[0];
  const { stdout } = await promisify(execFile)(binary, [...options, 'platform-check.mjs', folder, address], {
    cwd: folder,
    env,
    timeout: 600_000,
  });
  return { platform, version, cases: JSON.parse(stdout.trim().split('\n').at(-1)) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows = await checkPlatforms();
  const cases = Object.keys(rows[0].cases).map((id) => ({
    case: id,
    ...Object.fromEntries(rows.map(({ platform, cases }) => [platform, cases[id]])),
  }));
  mkdirSync(join(RESULTS, '..'), { recursive: true });
  const result = { platforms: rows.map(({ platform, version }) => ({ platform, version })), cases };
  writeFileSync(RESULTS, `${JSON.stringify(result, undefined, 2)}\n`);
  console.log(rows.map(({ platform, version }) => `${platform} ${version}`).join(', '));
}

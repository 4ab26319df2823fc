// npm run release:dry: versions, builds and packs every package as a release would, and checks the tarballs.
// Works in a copy: the checkout is left as it is.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { packAll, publicPackages, root, run } from './packages.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'tersor-release-'));
const problems = [];
try {
  run('npm', ['run', '--silent', 'build']);
  versionCopy(join(scratch, 'versioned'));
  for (const [name, tarball] of packAll(join(scratch, 'tarballs'))) {
    checkContents(name, tarball);
    const { messages, pkg } = await publint({
      pack: { tarball: new Uint8Array(readFileSync(tarball)).buffer },
      strict: true,
    });
    for (const message of messages)
      if (message.type !== 'suggestion') problems.push(`${name}: publint: ${formatMessage(message, pkg)}`);
    check(name, ['attw', tarball, '--profile', 'node16']);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
for (const problem of problems) console.error(`release:dry: ${problem}`);
console.log(
  problems.length === 0
    ? `release:dry: ${publicPackages().length} packages are ready`
    : `release:dry: ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

/** `changeset version` on a copy: every package must get a version and a changelog. */
function versionCopy(copy) {
  const skip = new Set(['node_modules', 'dist', 'out-tsc', 'out', '.nx', 'data', 'model', 'bench']);
  cpSync(root, copy, { recursive: true, filter: (path) => !skip.has(basename(path)) });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  execFileSync('npx', ['changeset', 'version'], { cwd: copy, stdio: 'ignore' });
  for (const { folder, manifest } of publicPackages()) {
    const versioned = folder.replace(root, copy);
    const { version } = JSON.parse(readFileSync(join(versioned, 'package.json'), 'utf8'));
    if (version === manifest.version) problems.push(`${manifest.name} has no changeset`);
    else if (version.startsWith('1')) problems.push(`${manifest.name} would become ${version}`);
    try {
      readFileSync(join(versioned, 'CHANGELOG.md'));
    } catch {
      problems.push(`${manifest.name} has no CHANGELOG.md after versioning`);
    }
  }
}

function checkContents(name, tarball) {
  const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).split('\n').filter(Boolean);
  for (const wanted of [
    'package/README.md',
    'package/LICENSE',
    'package/dist/index.js',
    'package/dist/index.d.ts',
    'package/dist/index.mjs',
    'package/dist/index.d.mts',
  ])
    if (!files.includes(wanted)) problems.push(`${name} lacks ${wanted}`);
  const tests = files.filter((file) => /\.test\.(js|ts|d\.ts)$/.test(file) || file.includes('__tests__'));
  if (tests.length > 0) problems.push(`${name} holds tests: ${tests.join(', ')}`);
  const text = execFileSync('tar', ['-xzOf', tarball], { maxBuffer: 1 << 28 }).toString('latin1');
  if (text.includes(root)) problems.push(`${name} names the folder that it was built in`);
}

function check(name, command) {
  try {
    execFileSync('npx', command, { cwd: root, stdio: 'pipe' });
  } catch (error) {
    problems.push(`${name}: ${command[0]}: ${String(error.stdout).trim().slice(0, 1500)}`);
  }
}

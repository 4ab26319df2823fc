// Node versions against what a user does: writes bench/node/results/versions.json, which the page
// docs/guide/installing.md shows by `npm run pages`.
//
//   node bench/node/versions.mjs [MAJOR ...] [--reports FOLDER]
//
// All versions where none is named; the others keep their rows. With --reports, tests that have run already
// (tools/test-on-node.mjs MAJOR --report FOLDER/MAJOR.json) are not run again.
// For each version, whose binary npm brings: the packed packages are installed in an empty folder, the
// example is compressed there in a few episodes on `wasm` and on `node` (tfjs-node is set up by that Node,
// too), the command line is asked from the sources, and the tests that differ by Node run
// (tools/node-versions.mjs has the list).
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { environmentOf, MAJORS, nodeFolder, SUITES } from '../../tools/node-versions.mjs';
import { packAll, root } from '../../tools/packages.mjs';

const RESULTS = join(root, 'bench/node/results/versions.json');
/** The demo with few episodes and images, and no fine-tune. */
const SHORT = [
  'dataset.validation=100',
  'prune.search.episodes=2',
  'prune.images=50',
  'prune.pruner.images=50',
  'prune.finetune.epochs=0',
  'quantize.search.episodes=2',
  'quantize.images=50',
].flatMap((value) => ['--set', value]);

const { values: options, positionals } = parseArgs({
  options: { reports: { type: 'string' } },
  allowPositionals: true,
});
const named = positionals.map(Number);
if (named.some((major) => !MAJORS.includes(major))) throw new Error(`Versions: ${MAJORS.join(', ')}`);
mkdirSync(dirname(RESULTS), { recursive: true });
const work = mkdtempSync(join(tmpdir(), 'tersor-node-'));
try {
  execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'ignore' });
  const tarballs = [...packAll(join(work, 'tarballs')).values()];
  const before = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')).versions : [];
  const rows = new Map(before.map((row) => [row.major, row]));
  for (const major of named.length > 0 ? named : MAJORS) {
    rows.set(major, measure(major, tarballs));
    const result = {
      machine: `${process.platform}-${process.arch}, ${cpus()[0].model}, ${availableParallelism()} cores`,
      suites: SUITES,
      versions: [...rows.values()].sort((a, b) => a.major - b.major),
    };
    writeFileSync(RESULTS, `${JSON.stringify(result, undefined, 2)}\n`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** One row. A step that fails is a row, too: its field says what was written last. */
function measure(major, tarballs) {
  const bin = nodeFolder(major);
  if (bin === undefined) throw new Error(`npm cannot bring Node ${major} here.`);
  const folder = join(work, String(major));
  cpSync(join(root, 'examples/vgg-small'), join(folder, 'examples/vgg-small'), { recursive: true });
  cpSync(join(root, 'examples/data/cifar-10-mini'), join(folder, 'examples/data/cifar-10-mini'), {
    recursive: true,
  });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const env = { ...environmentOf(bin), NODE_OPTIONS: '', CI: 'true' };
  const warnings = new Set();
  const step = (name, command, args, cwd = folder) => {
    console.log(`Node ${major}: ${name}`);
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd,
      env,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    for (const [, said] of stderr.matchAll(/^\(node:\d+\) (.*Warning: .*)$/gm)) warnings.add(said);
    return { works: status === 0, stdout, last: `${stdout}${stderr}`.trim().split('\n').at(-1) };
  };
  const said = ({ works, last }) => (works ? 'yes' : `no: ${last}`);
  const compress = (backend) => {
    const out = join(folder, `out-${backend}`);
    const config = [
      'examples/vgg-small/compress.yaml',
      '--out',
      out,
      '--set',
      `backend=${backend}`,
      ...SHORT,
    ];
    const run = step(`a short compression on ${backend}`, 'npx', ['tersor', 'compress', ...config, '--json']);
    if (!run.works) return { works: said(run) };
    const { compressed } = JSON.parse(run.stdout);
    const packed = readFileSync(join(out, 'model.tersor'));
    return {
      works: 'yes',
      accuracy: compressed.accuracy,
      bytes: packed.length,
      sha256: createHash('sha256').update(packed).digest('hex'),
    };
  };
  const install = ['install', '--no-audit', '--no-fund', '--engine-strict', ...tarballs];
  const row = {
    major,
    node: step('version', 'node', ['--version']).stdout.trim(),
    install: said(step('install', 'npm', install)),
    demo: compress('wasm'),
    setUp: said(
      step('tfjs-node', 'npm', ['run', '--silent', 'setup:tfjs-node', '--', '--project', folder], root),
    ),
    nodeBackend: compress('node'),
    sources: said(step('the command line from its sources', 'npm', ['run', 'tersor', '--', 'doctor'], root)),
  };
  const report = join(options.reports ?? work, `${major}.json`);
  if (!existsSync(report))
    step('tests', 'node', [join(root, 'tools/test-on-node.mjs'), String(major), '--report', report], root);
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
  const tests = { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
  rmSync(folder, { recursive: true, force: true });
  return { ...row, tests, warnings: [...warnings] };
}

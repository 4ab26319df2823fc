// Makes @tensorflow/tfjs-node usable in this project without a line in any package.json: `npm run
// setup:tfjs-node [-- --project DIR] [-- --wheel]`.
//
// First the normal way, tfjs-node's own download. Where its host can't be reached (or with --wheel), the same
// native library is taken from the TensorFlow wheel on PyPI and the addon is compiled against it, which needs
// python3 with pip, make and a C++ compiler. The library (850 MB) is kept in TERSOR_TFJS_NODE_DEPS, by
// default a folder in the user's cache, and linked from each project that is set up.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const VERSION = '4.22.0';
/** The TensorFlow version that tfjs-node's addon was tried against. */
const WHEEL = 'tensorflow-cpu==2.21.0';
const DOWNLOAD_LIMIT_MS = 10 * 60 * 1000;

const option = (name) => process.argv.includes(name) && process.argv[process.argv.indexOf(name) + 1];
const project = resolve(option('--project') || '.');
/**
 * The node backend looks here when the project has no tfjs-node of its own; modules inside still find the
 * project's tfjs-core.
 */
const stage = join(project, 'node_modules', '.cache', 'tersor', 'tfjs-node');
const packageFolder = join(stage, 'node_modules', '@tensorflow', 'tfjs-node');
const addon = join(packageFolder, 'lib', 'napi-v8', 'tfjs_binding.node');
const cache =
  process.env.TERSOR_TFJS_NODE_DEPS ||
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tersor', 'tfjs-node');
const wheelFolder = join(cache, WHEEL.replace('==', '-'));

class SetupError extends Error {}

try {
  main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`setup-tfjs-node: ${error.message}`);
  process.exitCode = 1;
}

function main() {
  if (!existsSync(join(project, 'node_modules')))
    throw new SetupError(`${project} has no node_modules: run npm install (or npm ci) there first.`);
  const before = verify();
  if (before.works)
    return console.log(`tfjs-node ${VERSION} already works here (TensorFlow ${before.version}).`);
  installPackage();
  if (process.argv.includes('--wheel') || existsSync(join(wheelFolder, 'done')) || !installNormally())
    installFromWheel();
  const after = verify();
  if (!after.works) throw new SetupError(`tfjs-node was set up, but does not run:\n${after.problem}`);
  console.log(`tfjs-node ${VERSION} works (TensorFlow ${after.version}), in ${stage}`);
}

/** Runs a convolution in a process of its own: an addon that fails to load may take the process with it. */
function verify() {
  if (!existsSync(addon)) return { works: false, problem: 'The addon is missing.' };
  // Node 23 removed a function that tfjs-node calls; the node backend gives it back in the same way.
  const script = `
    require('util').isNullOrUndefined ??= (value) => value === undefined || value === null;
    const tf = require(${JSON.stringify(packageFolder)});
    const sum = tf.conv2d(tf.ones([1, 8, 8, 2]), tf.ones([3, 3, 2, 4]), 1, 'valid').sum().dataSync()[0];
    if (sum !== 36 * 18 * 4) throw new Error('a convolution gave ' + sum);
    console.log(tf.backend().binding.TF_Version);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' },
  });
  return { works: status === 0, version: stdout.trim(), problem: stderr };
}

/**
 * The package and what it needs, without its install script; what the project already has is left to the
 * project.
 */
function installPackage() {
  if (existsSync(join(packageFolder, 'package.json'))) return;
  console.log(`Installing @tensorflow/tfjs-node ${VERSION} into ${stage}`);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  const npm = [
    'install',
    '--prefix',
    stage,
    '--no-save',
    '--no-package-lock',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  run(
    'npm',
    [...npm, `@tensorflow/tfjs-node@${VERSION}`],
    { cwd: stage },
    'npm could not install the package.',
  );
  // One copy of tfjs-core, or tensors and kernels would live in two registries.
  const scope = join(stage, 'node_modules', '@tensorflow');
  const require = createRequire(join(project, 'package.json'));
  for (const name of readdirSync(scope).filter((entry) => entry !== 'tfjs-node')) {
    if (canResolve(require, `@tensorflow/${name}/package.json`))
      rmSync(join(scope, name), { recursive: true });
  }
}

/** tfjs-node's own download. False where it fails. */
function installNormally() {
  console.log("Trying tfjs-node's own download");
  const path = [join(stage, 'node_modules', '.bin'), process.env.PATH].join(
    process.platform === 'win32' ? ';' : ':',
  );
  const { status } = spawnSync(process.execPath, ['scripts/install.js'], {
    cwd: packageFolder,
    env: { ...process.env, PATH: path },
    stdio: 'ignore',
    timeout: DOWNLOAD_LIMIT_MS,
  });
  if (status === 0 && existsSync(addon)) return true;
  console.log('It failed: its host cannot be reached, or has nothing for this platform.');
  return false;
}

function installFromWheel() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError(
      `the way around by the TensorFlow wheel is for Linux on x64, and this is ${process.platform} on ${process.arch}.`,
    );
  }
  if (!existsSync(join(wheelFolder, 'done'))) fetchWheel();
  const deps = join(packageFolder, 'deps');
  rmSync(deps, { recursive: true, force: true });
  mkdirSync(deps);
  // By this link the node backend knows, and `tersor doctor` says, that the library is a wheel's, and which.
  for (const part of ['lib', 'include']) symlinkSync(join(wheelFolder, part), join(deps, part));
  const built = join(wheelFolder, `tfjs_binding-${VERSION}.node`);
  if (!existsSync(built)) buildAddon(built);
  mkdirSync(dirname(addon), { recursive: true });
  copyFileSync(built, addon);
}

/**
 * Takes the C library and its headers out of the wheel. Written beside its final place and renamed, so that a
 * half one is never used.
 */
function fetchWheel() {
  requireTool(
    'python3',
    ['-m', 'pip', '--version'],
    'python3 with pip (Debian: apt-get install python3-pip)',
  );
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetch-'));
  try {
    console.log(`Fetching ${WHEEL} (270 MB) into ${cache}`);
    // The C library is the same for every Python: one wheel whatever Python runs pip.
    const target = [
      '--python-version',
      '3.11',
      '--implementation',
      'cp',
      '--platform',
      'manylinux_2_27_x86_64',
    ];
    const quiet = ['--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--quiet'];
    run(
      'python3',
      ['-m', 'pip', 'download', WHEEL, ...target, ...quiet, '--dest', work],
      {},
      'pip could not download the wheel.',
    );
    const wheel = readdirSync(work).find((name) => name.endsWith('.whl'));
    const extract = `
import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
wanted = ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2', 'tensorflow/include/')
archive.extractall(sys.argv[2], [name for name in archive.namelist() if name.startswith(wanted)])`;
    run('python3', ['-c', extract, join(work, wheel), work], {}, 'the wheel could not be read.');
    const lib = join(work, 'lib');
    mkdirSync(lib);
    for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'])
      renameSync(join(work, 'tensorflow', name), join(lib, name));
    // The linker asks for libtensorflow.so; the loader, for the name that the library calls itself.
    for (const name of ['libtensorflow.so', 'libtensorflow.so.2'])
      symlinkSync('libtensorflow_cc.so.2', join(lib, name));
    symlinkSync('libtensorflow_framework.so.2', join(lib, 'libtensorflow_framework.so'));
    renameSync(join(work, 'tensorflow', 'include'), join(work, 'include'));
    for (const rest of [wheel, 'tensorflow']) rmSync(join(work, rest), { recursive: true });
    mkdirSync(join(work, 'done'));
    rmSync(wheelFolder, { recursive: true, force: true });
    renameSync(work, wheelFolder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function buildAddon(target) {
  requireTool('make', ['--version'], 'make (Debian: apt-get install build-essential)');
  requireTool('g++', ['--version'], 'a C++ compiler (Debian: apt-get install build-essential)');
  console.log('Compiling the addon');
  const preGyp = join(stage, 'node_modules', '.bin', 'node-pre-gyp');
  // Headers of this Node where they are installed beside it; else node-gyp downloads them.
  const nodeFolder = foldersOfNode().find((folder) => existsSync(join(folder, 'include/node/node_api.h')));
  run(
    preGyp,
    ['install', '--build-from-source', ...(nodeFolder ? [`--nodedir=${nodeFolder}`] : [])],
    { cwd: packageFolder },
    'the addon could not be compiled.',
  );
  copyFileSync(addon, target);
}

/** Where this Node's headers may be: as its own archive lays them out, and as the npm package `node` does. */
function foldersOfNode() {
  const folder = dirname(dirname(process.execPath));
  return [folder, join(folder, 'node_modules', `node-${process.platform}-${process.arch}`)];
}

function requireTool(command, args, name) {
  if (spawnSync(command, args, { stdio: 'ignore' }).status !== 0) {
    throw new SetupError(
      `tfjs-node's own download failed, and the way around by the TensorFlow wheel needs ${name}.`,
    );
  }
}

function run(command, args, options, failure) {
  try {
    execFileSync(command, args, { ...options, stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    const output = `${error.stdout ?? ''}\n${error.stderr ?? error.message}`.trim();
    throw new SetupError(`${failure}\n${output.split('\n').slice(-15).join('\n')}`);
  }
}

function canResolve(require, name) {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

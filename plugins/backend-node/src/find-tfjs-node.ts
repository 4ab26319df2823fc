import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { provideRemovedFunctions } from './removed-functions.js';

/**
 * The packages that this backend runs on, the preferred one first: whoever installed the GPU one wants it.
 */
const TFJS_NODE_PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** Folder, within a project, where `setup-tfjs-node` puts a build of its own. */
const SETUP_FOLDER = join('node_modules', '.cache', 'tersor', 'tfjs-node');

/** Where tfjs-node was found, and what it is. */
export interface TfjsNodeModule {
  readonly packageName: string;
  readonly version: string;
  /** Folder of the package. */
  readonly folder: string;
  /** How it came to be there, for people: see `originOf`. */
  readonly origin: string;
  /** The module: tfjs's union package with file handlers. */
  readonly module: typeof tf & { readonly version: Readonly<Record<string, string>> };
}

/** Why tfjs-node cannot be used, and what to do. */
export interface TfjsNodeProblem {
  readonly reason: string;
  readonly install: string;
}

const INSTALL =
  'npm install @tensorflow/tfjs-node@4.22.0; in a clone of Tersor, or where that download fails: npm run setup:tfjs-node';

/**
 * Finds and loads tfjs-node from a project or one of the folders above it, else from where `setup-tfjs-node`
 * put it. Loading registers the tfjs backend `tensorflow`; the backend that was active stays so. Never
 * throws.
 *
 * @param threads of one operation; as many as there are cores when absent
 */
export async function loadTfjsNode(
  directories: readonly string[],
  threads?: number,
): Promise<TfjsNodeModule | TfjsNodeProblem> {
  const folder = findTfjsNode(directories);
  if (!folder)
    return {
      reason: 'Neither @tensorflow/tfjs-node nor @tensorflow/tfjs-node-gpu is installed.',
      install: INSTALL,
    };
  // Once the library writes to stderr on every load, the user's own errors are hard to see.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  // What the user has set comes first.
  if (threads !== undefined) process.env['TF_NUM_INTRAOP_THREADS'] ??= String(threads);
  const active = tf.engine().backendName;
  provideRemovedFunctions();
  try {
    const require = createRequire(join(folder, 'package.json'));
    const manifest = require('./package.json') as { name: string; version: string };
    const module = withoutArguments(() => require(folder) as TfjsNodeModule['module']);
    if (module.Tensor !== tf.Tensor) return secondCopy(manifest.name, require.resolve('@tensorflow/tfjs'));
    if (active) await tf.setBackend(active);
    return {
      packageName: manifest.name,
      version: manifest.version,
      folder,
      origin: originOf(folder),
      module,
    };
  } catch (error) {
    const text = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    return { reason: `${folder} is there but cannot be loaded: ${text}`, install: INSTALL };
  }
}

/**
 * Loads without this process's command line: the library's loader (node-pre-gyp) reads `process.argv`, and
 * would take our --directory for its own.
 */
function withoutArguments<T>(load: () => T): T {
  const { argv } = process;
  process.argv = argv.slice(0, 2);
  try {
    return load();
  } finally {
    process.argv = argv;
  }
}

/** Folder of the tfjs-node that `loadTfjsNode` would load, undefined where there is none. */
export function findTfjsNode(directories: readonly string[]): string | undefined {
  return directories.map(findPackage).find((found) => found !== undefined);
}

/**
 * How the tfjs-node in a folder was installed: by `npm install`, or by `setup:tfjs-node`, with the library of
 * tfjs-node's own download or with that of a TensorFlow wheel, which is then named. The setup links a wheel's
 * library in; a download unpacks into a folder.
 */
export function originOf(folder: string): string {
  if (!folder.includes(`${sep}${SETUP_FOLDER}${sep}`)) return 'npm install';
  const library = join(folder, 'deps', 'lib');
  if (!lstatSync(library, { throwIfNoEntry: false })?.isSymbolicLink())
    return "npm run setup:tfjs-node (tfjs-node's own download)";
  return `npm run setup:tfjs-node (the TensorFlow wheel ${basename(dirname(readlinkSync(library)))})`;
}

function findPackage(directory: string): string | undefined {
  for (let folder = resolve(directory); ; folder = dirname(folder)) {
    for (const root of [join(folder, 'node_modules'), join(folder, SETUP_FOLDER, 'node_modules')]) {
      for (const name of TFJS_NODE_PACKAGES)
        if (existsSync(join(root, name, 'package.json'))) return join(root, name);
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function secondCopy(name: string, union: string): TfjsNodeProblem {
  return {
    reason: `${name} brings its own copy of tfjs-core (through ${union}), so that tensors and kernels would live in two registries.`,
    install:
      'Install it in the project that tersor is installed in, with @tensorflow/tfjs-core 4.22.0 there: npm dedupe @tensorflow/tfjs-core',
  };
}

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, TersorError } from '../errors.js';
import { findModule, isPath } from './module-resolution.js';

/** What Node says of TypeScript that it cannot run. */
const TYPESCRIPT_CODES = [
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
];

/**
 * A name without `file:`. Throws `PLUGIN_NOT_FOUND` for other addresses: what runs is what is installed,
 * nothing is fetched.
 */
export function localName(name: string, what: string): string {
  // One letter and a colon is a drive of Windows.
  const scheme = name.match(/^([a-z][a-z0-9+.-]+):/i)?.[1];
  if (scheme === undefined) return name;
  if (scheme.toLowerCase() === 'file') return fileURLToPath(name);
  throw new TersorError(
    'PLUGIN_NOT_FOUND',
    `"${name}" is an address; a ${what} is loaded from an installed package or a file.`,
    {
      hint: 'Install it (npm install takes addresses of tarballs and git repositories) and name the package; or download the file and give its path, for instance ./agent.js',
    },
  );
}

/** `package#id` in its two parts; a path that exists as it is written may have a # of its own. */
export function splitName(
  name: string,
  directories: readonly string[],
): [specifier: string, id: string | undefined] {
  const at = name.lastIndexOf('#');
  if (at <= 0 || (isPath(name) && directories.some((directory) => existsSync(resolve(directory, name)))))
    return [name, undefined];
  return [name.slice(0, at), name.slice(at + 1)];
}

/** What to do where a package or file is not there. */
export function installHint(specifier: string, directories: readonly string[]): string {
  if (!isPath(specifier)) return `Install it (npm install ${specifier}), or give its path with ./ in front.`;
  const source = specifier.replace(/(\.[cm]?)js$/, '$1ts');
  const isUnbuilt = source !== specifier && findModule(source, directories) !== undefined;
  return isUnbuilt ? `There is ${source}: compile it first, for instance with npx tsc.` : 'Check the path.';
}

/** The error for a module that cannot be imported; TypeScript is named as what is wrong. */
export function importFailure(source: string, file: string, cause: unknown): TersorError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  if (/\.[cm]?tsx?$/.test(file) && (TYPESCRIPT_CODES.includes(code) || cause instanceof SyntaxError)) {
    return new TersorError(
      'PLUGIN_FAILED',
      `The plugin ${source} is TypeScript, which this Node (${process.version}) does not run: ${messageOf(cause)}`,
      {
        cause,
        hint: `Compile it, for instance with npx tsc, and name the .js file; or run with a loader: npm install tsx, then NODE_OPTIONS="--import tsx"`,
      },
    );
  }
  return new TersorError(
    'PLUGIN_FAILED',
    `The plugin ${source} threw while it was imported: ${messageOf(cause)}`,
    {
      cause,
      hint: 'The stack tells where: --verbose shows it.',
    },
  );
}

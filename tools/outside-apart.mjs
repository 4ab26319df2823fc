// Plugins that tools/outside.mjs makes outside of its project: with node_modules of their own, and for the
// core before.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Kinds whose contracts ask for error codes: those tell whether errors of another copy of core count. */
const KINDS = ['dataset', 'quantizer', 'agent', 'pruner'];

/**
 * Generates plugins in a folder whose node_modules, with another copy of core, are its own, and builds them.
 * `inside(command, args, folder)` runs a command. Gives the folder and the path of each plugin.
 */
export function writeApart(folder, tarballs, inside) {
  mkdirSync(folder, { recursive: true });
  const ours = Object.fromEntries([...tarballs].map(([name, file]) => [name, `file:${file}`]));
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      name: 'apart',
      private: true,
      workspaces: ['tersor-*'],
      dependencies: { ...ours, typescript: '5.9.3', '@types/node': '20.19.9' },
    }),
  );
  inside('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'], folder);
  for (const kind of KINDS) inside('npx', ['create-tersor-plugin', kind, 'apart'], folder);
  inside('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'], folder);
  const plugins = KINDS.map((kind) => join(folder, `tersor-${kind}-apart`));
  for (const plugin of plugins) inside('npx', ['tsc'], plugin);
  return { folder, plugins };
}

/**
 * Two plugins of the core before: one that says so in its range, one that brings that core along. Gives their
 * paths.
 */
export function writeOld(folder) {
  const source = (core) => `const { z } = require('zod');
module.exports = { tersorPlugin: 1, name: 'old', kind: 'reward', id: 'old', core: '${core}', description: '', options: z.strictObject({}), create: () => ({ id: 'old', evaluate: () => 0 }) };`;
  const write = (path, text) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
    return join(folder, path);
  };
  const core = { name: '@tersor/core', main: 'index.js', version: '0.0.9' };
  write('brings/node_modules/@tersor/core/package.json', JSON.stringify(core));
  write('brings/node_modules/@tersor/core/index.js', 'throw new Error("the core before");');
  return [
    write('says/index.cjs', source('>=0.0.1 <0.1.0')),
    write('brings/index.cjs', `require('@tersor/core');\n${source('>=0.0.1 <1.0.0')}`),
  ];
}

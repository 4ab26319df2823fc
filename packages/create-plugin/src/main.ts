#!/usr/bin/env node
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import type { GeneratedKind } from './plugin-kinds.js';
import { packageName, problemOf, type PluginRequest } from './plugin-request.js';
import { writePlugin } from './write-plugin.js';

const USAGE = 'usage: npm create tersor-plugin <kind> <id> [-- --name <npm name> --folder <folder>]';

/** `npm create tersor-plugin <kind> <id>`; gives the exit code. */
async function main(): Promise<number> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { name: { type: 'string' }, folder: { type: 'string' } } });
  const [kind, id] = positionals;
  const problem = kind === undefined || id === undefined ? USAGE : problemOf({ kind, id, name: values.name });
  if (problem !== undefined) throw new Error(problem);
  const request: PluginRequest = { kind: kind as GeneratedKind, id: id!, layout: 'package', ...(values.name && { name: values.name }) };
  const folder = values.folder ?? basename(packageName(request));
  await writePlugin(request, folder);
  process.stdout.write(`Wrote ${folder}. Next:\n  cd ${folder}\n  npm install\n  npm test\n`);
  return 0;
}

void main()
  .catch((error: unknown) => {
    process.stderr.write(`create-tersor-plugin: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  })
  .then((code) => {
    process.exitCode = code;
  });

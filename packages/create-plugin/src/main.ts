#!/usr/bin/env node
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { KIND_FACTS, type GeneratedKind } from './plugin-kinds.js';
import { packageName, problemOf, type PluginRequest } from './plugin-request.js';
import { writePlugin } from './write-plugin.js';

const USAGE = 'usage: npm create tersor-plugin <kind> <id> [-- --name <npm name> --folder <folder>]';

const HELP = `${USAGE}

Writes a new plugin for Tersor: working source, tests, README and example config.

kinds, and what is generated to start from:
${Object.entries(KIND_FACTS)
  .map(([kind, { summary }]) => `  ${kind.padEnd(12)} ${summary}`)
  .join('\n')}

id: the word that selects the plugin in a config: lower-case letters, digits and dashes

options:
  --name <npm name>   name of the package (default: tersor-<kind>-<id>)
  --folder <folder>   folder to write, new or empty (default: the name)
  -h, --help          show this
`;

/** `npm create tersor-plugin <kind> <id>`; gives the exit code. */
async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { name: { type: 'string' }, folder: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [kind, id] = positionals;
  const problem = kind === undefined || id === undefined ? USAGE : problemOf({ kind, id, name: values.name });
  if (problem !== undefined) throw new Error(problem);
  const request: PluginRequest = {
    kind: kind as GeneratedKind,
    id: id!,
    layout: 'package',
    ...(values.name && { name: values.name }),
  };
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

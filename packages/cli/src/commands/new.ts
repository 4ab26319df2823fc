import { basename } from 'node:path';
import { Command } from 'commander';
import {
  KIND_FACTS,
  packageName,
  problemOf,
  writePlugin,
  type GeneratedKind,
  type PluginRequest,
} from 'create-tersor-plugin';
import { TersorError } from '@tersor/core';

/** `tersor new <kind> <id>`: writes a tested plugin to start from, like `npm create tersor-plugin`. */
export function newCommand(): Command {
  return new Command('new')
    .description('write a new plugin: working source, contract test, README and example config')
    .argument('<kind>', Object.keys(KIND_FACTS).join(', '))
    .argument('<id>', 'the word that selects it in a config')
    .option('--name <name>', 'npm name of the package (default: tersor-<kind>-<id>)')
    .option('--folder <dir>', 'folder to write (default: the name)')
    .action(async (kind: string, id: string, { name, folder }: { name?: string; folder?: string }) => {
      const problem = problemOf({ kind, id, name });
      if (problem !== undefined) throw new TersorError('CONFIG_INVALID', problem);
      const request: PluginRequest = {
        kind: kind as GeneratedKind,
        id,
        layout: 'package',
        ...(name && { name }),
      };
      const target = folder ?? basename(packageName(request));
      await writePlugin(request, target).catch((cause: unknown) => {
        throw new TersorError('OUTPUT_FAILED', (cause as Error).message, {
          cause,
          hint: 'Choose another with --folder.',
        });
      });
      process.stdout.write(`Wrote ${target}. Next:\n  cd ${target}\n  npm install\n  npm test\n`);
    });
}

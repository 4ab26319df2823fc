import { Command } from 'commander';
import { DEFAULT_BACKEND } from '@tersor/core';
import { ensureBackendEnvironment } from '../backends/backend-environment.js';
import { checkPluginModule, type CheckedPlugin } from '../checking/check-plugin.js';
import { collect, keyValues } from '../option-values.js';

interface CheckOptions {
  option: string[];
  backend: string;
  json?: boolean;
  sample?: string;
}

/** `tersor check <plugin>`: runs the contract of a plugin without a test runner. */
export function checkCommand(): Command {
  return new Command('check')
    .description('test a plugin against its contract: every rule is checked, every failure explained')
    .argument('<plugin>', 'package, folder or file')
    .option('--option <key=value>', 'an option of the plugin; may be repeated', collect, [])
    .option('--sample <file>', 'a small example file, for a format that only reads')
    .option('--backend <name>', 'backend plugin that plugins of other kinds use', DEFAULT_BACKEND)
    .option('--json', 'print as JSON')
    .action(async (plugin: string, { option, backend, json, sample }: CheckOptions) => {
      await ensureBackendEnvironment(backend);
      const options = keyValues(option, '--option');
      const directories = [process.cwd(), __dirname];
      const checked = await checkPluginModule(plugin, options, { directories, backend, sample });
      process.stdout.write(
        json ? `${JSON.stringify(checked, undefined, 2)}\n` : checked.map(describe).join('\n'),
      );
      if (checked.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
    });
}

function describe({ kind, id, rules, failures }: CheckedPlugin): string {
  const lines = failures.map((failure) => `\n  ${failure.replaceAll('\n', '\n  ')}\n`);
  return `${kind} "${id}": ${rules - failures.length} of ${rules} rules hold\n${lines.join('')}`;
}

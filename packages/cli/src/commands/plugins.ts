import { Command } from 'commander';
import { builtinPlugins } from '@tersor/compression';
import { installedPlugins, PLUGIN_KINDS } from '@tersor/core';
import { runnerPlugins } from '@tersor/study';
import { fitTable } from '../screen/fit-table.js';

/** `tersor plugins`: lists the plugins that a config can name here. */
export function pluginsCommand(): Command {
  return new Command('plugins')
    .description('list the plugins that are installed')
    .option('--json', 'print as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const rows = [];
      for (const kind of PLUGIN_KINDS) {
        for (const plugin of [...builtinPlugins, ...runnerPlugins([])].filter(
          (candidate) => candidate.kind === kind,
        ))
          rows.push({ kind, id: plugin.id, source: plugin.name, description: plugin.description });
        for (const entry of await installedPlugins(kind, [process.cwd(), __dirname])) {
          if ('plugin' in entry)
            rows.push({
              kind,
              id: entry.plugin.id,
              source: entry.source,
              description: entry.plugin.description,
            });
          else
            rows.push({
              kind,
              id: '',
              source: entry.source,
              error: { code: entry.error.code, message: entry.error.message },
            });
        }
      }
      if (json) {
        process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
        return;
      }
      const cells = rows.map((row) => [
        row.kind,
        row.id,
        row.source,
        'error' in row ? `${row.error!.code}: ${row.error!.message}` : row.description!,
      ]);
      const head = ['kind', 'id', 'package', 'what'];
      process.stdout.write(`${fitTable({ head, rows: cells, right: [] })}\n`);
    });
}

import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { installedPlugins, needsNoOptions, type Availability } from '@tersor/core';
import { probeBackend } from '../backends/probe-backend.js';
import { wrapLines } from '../screen/wrap-lines.js';

interface Finding {
  readonly backend: string;
  /** What its plugin says that it is; absent where the plugin cannot be loaded. */
  readonly description?: string;
  readonly availability: Availability;
}

/** `tersor doctor`: which backends can run here, why others can't, and what to install. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('say which backends can run here, and what to install for the others')
    .option('--json', 'print as JSON')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { verbose } = command.optsWithGlobals<{ verbose?: boolean }>();
      const machine = {
        node: process.version,
        platform: `${process.platform}-${process.arch}`,
        cores: availableParallelism(),
      };
      const findings = await examine((backend, output) => {
        if (verbose && output) process.stderr.write(`${backend} wrote:\n${output.trimEnd()}\n`);
      });
      if (json) {
        process.stdout.write(`${JSON.stringify({ machine, backends: findings }, undefined, 2)}\n`);
        return;
      }
      process.stdout.write(`Node ${machine.node} on ${machine.platform}, ${machine.cores} cores\n`);
      for (const finding of findings) process.stdout.write(wrapLines(describe(finding)));
    });
}

/**
 * Tries all backends at the same time; in the order of their names. `onOutput` gets what the libraries of
 * each wrote.
 */
async function examine(onOutput: (backend: string, output: string) => void): Promise<Finding[]> {
  const directories = [process.cwd(), __dirname];
  const installed = await installedPlugins('backend', directories);
  const findings = await Promise.all(
    installed.map(async (entry): Promise<Finding[]> => {
      if (!('plugin' in entry))
        return [
          {
            backend: entry.source,
            availability: { available: false, reason: entry.error.message, install: entry.error.hint ?? '' },
          },
        ];
      const { source, plugin } = entry;
      // One that wants options cannot be tried without a config.
      if (!(await needsNoOptions(plugin))) return [];
      const { availability, output } = await probeBackend({ source, id: plugin.id, directories });
      onOutput(plugin.id, output);
      return [{ backend: plugin.id, description: plugin.description, availability }];
    }),
  );
  return findings.flat().sort((a, b) => a.backend.localeCompare(b.backend));
}

function describe({ backend, description, availability }: Finding): string {
  if (!availability.available)
    return `  ${backend}: not available: ${availability.reason}\n${availability.install && `    ${availability.install}\n`}`;
  const details = Object.entries(availability.details).map(([name, value]) => `${name} ${value}`);
  return `  ${backend}: available (${details.join(', ')})\n    ${description}\n`;
}

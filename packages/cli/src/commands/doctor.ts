import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { installedPlugins, type Availability, type Backend, TersorError } from '@tersor/core';

interface Finding {
  readonly backend: string;
  readonly availability: Availability;
}

/** `tersor doctor`: which backends can run here, why others can't, and what to install. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('say which backends can run here, and what to install for the others')
    .option('--json', 'print as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const machine = { node: process.version, platform: `${process.platform}-${process.arch}`, cores: availableParallelism() };
      const findings = await examine();
      if (json) {
        process.stdout.write(`${JSON.stringify({ machine, backends: findings }, undefined, 2)}\n`);
        return;
      }
      process.stdout.write(`Node ${machine.node} on ${machine.platform}, ${machine.cores} cores${nodeWarning()}\n`);
      for (const { backend, availability } of findings) process.stdout.write(describe(backend, availability));
    });
}

async function examine(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const entry of await installedPlugins('backend', [process.cwd(), __dirname])) {
    if (!('plugin' in entry)) {
      findings.push({ backend: entry.source, availability: { available: false, reason: entry.error.message, install: entry.error.hint ?? '' } });
      continue;
    }
    const { plugin } = entry;
    const options = plugin.options.safeParse({});
    if (!options.success) continue;
    const context = { directory: process.cwd(), seed: 1, get: async () => Promise.reject(new TersorError('PLUGIN_NOT_FOUND', 'doctor wires nothing.')) };
    const backend = (await plugin.create(options.data, context)) as Backend;
    findings.push({ backend: plugin.id, availability: await backend.isAvailable() });
    await backend.dispose();
  }
  return findings;
}

function describe(backend: string, availability: Availability): string {
  if (!availability.available) return `  ${backend}: not available: ${availability.reason}\n    ${availability.install}\n`;
  const details = Object.entries(availability.details).map(([name, value]) => `${name} ${value}`);
  return `  ${backend}: available (${details.join(', ')})\n`;
}

function nodeWarning(): string {
  const major = Number(process.versions.node.split('.')[0]);
  return major >= 23 ? ' (tfjs-node 4.22 is broken on Node 23 and later; use 20 or 22)' : '';
}

import { join } from 'node:path';
import { installedPlugins, needsNoOptions, type Availability } from '@tersor/core';
import { probeBackend } from './probe-backend.js';

/** What trying a backend gave. */
export interface Finding {
  readonly backend: string;
  /** What its plugin says that it is; absent where the plugin cannot be loaded. */
  readonly description?: string;
  readonly availability: Availability;
}

/**
 * Tries all backends at the same time; in the order of their names. `onOutput` gets what the libraries of
 * each wrote.
 */
export async function examineBackends(
  onOutput: (backend: string, output: string) => void,
): Promise<Finding[]> {
  const directories = [process.cwd(), join(__dirname, '..')];
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

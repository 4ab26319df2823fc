import { join } from 'node:path';
import { installedPlugins, needsNoOptions, type Availability } from '@tersor/core';
import { probeBackend } from './probe-backend.js';

/** Result of trying a backend. */
export interface Finding {
  readonly backend: string;
  /** Description from its plugin; absent if the plugin cannot be loaded. */
  readonly description?: string;
  readonly availability: Availability;
}

/**
 * Tries all backends in parallel. Results are in the order of their names. `onOutput` gets the output of each
 * one's libraries.
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
      // A backend that needs options cannot be tried without a config.
      if (!(await needsNoOptions(plugin))) return [];
      const { availability, output } = await probeBackend({ source, id: plugin.id, directories });
      onOutput(plugin.id, output);
      return [{ backend: plugin.id, description: plugin.description, availability }];
    }),
  );
  return findings.flat().sort((a, b) => a.backend.localeCompare(b.backend));
}

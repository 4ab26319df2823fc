import type { ServerKind } from './servers.js';

/** Describes what needs a server; without one it is skipped, and says so. */
export function describeWith(kind: ServerKind | undefined, name: string, body: () => void): void {
  if (!kind || kind.isInstalled) describe(name, body);
  else describe.skip(`${name} (its server is not installed here)`, body);
}

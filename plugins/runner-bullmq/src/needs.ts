import type { Trial, WorkerOffer } from '@tersor/core';
import type { Lane } from './jobs.js';

/** Backends that a trial runs on, from the plugins in its identity: "source#id version". */
export function backendsOf({ inputs }: Pick<Trial, 'inputs'>): string[] {
  const plugins = Object.entries(inputs.plugins).filter(([slot]) => slot.split('/')[0] === 'backend');
  return [...new Set(plugins.map(([, plugin]) => /#(\S+)/.exec(plugin)?.[1] ?? plugin))].sort();
}

/** Why a worker cannot take the trials of a queue; undefined if it can. */
export function whyNot(lane: Lane, offer: WorkerOffer): string | undefined {
  const version = Object.keys(lane.versions).find((name) => lane.versions[name] !== offer.versions[name]);
  if (version !== undefined)
    return `the study has ${version} ${lane.versions[version]}, the worker ${offer.versions[version] ?? 'none'}`;
  const backend = lane.backends.find((id) => offer.missing.includes(id));
  if (backend !== undefined) return `its trials need the backend "${backend}", which cannot run here`;
  if (lane.cores > offer.cores)
    return `its trials need ${lane.cores} cores, the worker has ${offer.cores} for one`;
  if (lane.memoryBytes > offer.memoryBytes)
    return `its trials need ${gigabytes(lane.memoryBytes)} of memory, the worker has ${gigabytes(offer.memoryBytes)} for one`;
  return undefined;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

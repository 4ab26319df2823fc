import { TersorError, type RunIdentity } from '@tersor/core';
import type { GivenPolicy } from '../policy/given-policy.js';

type Hashes = RunIdentity['files'];

/**
 * Everything that is not the same in two identities, in words; empty where results of both may be averaged.
 */
export function contentChanges(before: RunIdentity, now: RunIdentity): string[] {
  const places = keysOf(before.plugins, now.plugins).filter(
    (place) => before.plugins[place] !== now.plugins[place],
  );
  // Results of earlier versions had no files.
  const [old, current] = [before, now].map(({ files }: Partial<RunIdentity>) => files ?? {}) as [
    Hashes,
    Hashes,
  ];
  const changed = keysOf(old, current).filter((file) => old[file] !== current[file]);
  return [
    ...(before.tersor === now.tersor ? [] : [`Tersor was ${before.tersor} and is now ${now.tersor}`]),
    ...(before.model.topology === now.model.topology ? [] : ['the model is another network']),
    ...(before.model.weights === now.model.weights ? [] : ['the model has other weights']),
    ...(before.dataset === now.dataset ? [] : ['the data set has other images, labels or splits']),
    ...changed.map((file) => `${file} has other content`),
    ...places.map(
      (place) =>
        `the plugin for ${place} was ${before.plugins[place] ?? 'not there'} and is now ${now.plugins[place] ?? 'not there'}`,
    ),
  ];
}

function keysOf(...records: readonly Readonly<Record<string, string>>[]): string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))];
}

/** Says if a policy is applied to another model or other data than it was found with; undefined if not. */
export function otherInputs({ foundWith }: GivenPolicy, here: RunIdentity): string | undefined {
  const changes = foundWith ? contentChanges({ ...here, ...foundWith }, here) : [];
  return changes.length > 0 ? `Not as when the policy was found: ${changes.join('; ')}.` : undefined;
}

/**
 * Throws `INPUTS_MISMATCH`, naming what is another, where results would come from something else than they
 * are to.
 */
export function requireInputs(expected: RunIdentity, here: RunIdentity): void {
  const changes = contentChanges(expected, here);
  if (changes.length === 0) return;
  throw new TersorError(
    'INPUTS_MISMATCH',
    `The results would not come from the expected inputs: ${changes.join('; ')}.`,
    { hint: 'Install the same versions here, and use the same model and data.' },
  );
}

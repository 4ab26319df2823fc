import type { Lane } from '../jobs.js';
import { whyNot } from '../needs.js';
import type { Registry } from '../registry.js';

/** Times that no worker is found before the study says so. */
const TIMES_BEFORE_NOTICE = 3;

/**
 * A function that looks for workers, and gives a sentence on why none takes the trials of a queue: once for
 * each reason, and only after it was so a few times in a row.
 */
export function createWorkerCheck(
  lane: Lane,
  registry: Pick<Registry, 'workers'>,
): (isRunning: boolean) => Promise<string | undefined> {
  let said: string | undefined;
  let times = 0;
  return async (isRunning) => {
    const problem = isRunning ? undefined : await noWorkerReason(lane, registry);
    times = problem === undefined ? 0 : times + 1;
    if (problem === undefined) said = undefined;
    if (problem === said || times < TIMES_BEFORE_NOTICE) return undefined;
    return (said = problem);
  };
}

/** A sentence on why no worker takes the trials of a queue; undefined if one does. */
async function noWorkerReason(lane: Lane, registry: Pick<Registry, 'workers'>): Promise<string | undefined> {
  const workers = await registry.workers();
  if (workers.length === 0) return 'No worker is there: start some with `tersor worker --url ...`.';
  const reasons = workers.map(({ offer, refused }) => {
    const why = whyNot(lane, offer) ?? refused[lane.queue];
    return why === undefined ? undefined : `${offer.name}: ${why}`;
  });
  if (reasons.includes(undefined)) return undefined;
  return `No worker takes these trials. ${[...new Set(reasons)].sort().join('; ')}.`;
}

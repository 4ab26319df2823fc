import type { RunnerStatus } from '@tersor/core';
import type { TrialEnd, TrialJob } from '../jobs.js';
import type { Registry } from '../registry.js';
import type { QueueServer } from '../server/connect.js';

/** Jobs in all queues of a server, and its workers. */
export async function queueStatus(server: QueueServer, registry: Registry): Promise<RunnerStatus> {
  const sum = { waiting: 0, running: 0, ended: 0 };
  for (const { queue } of await registry.lanes()) {
    const counts = await server
      .queue<TrialJob, TrialEnd>(queue)
      .getJobCounts('waiting', 'active', 'completed', 'failed');
    sum.waiting += counts['waiting'] ?? 0;
    sum.running += counts['active'] ?? 0;
    sum.ended += (counts['completed'] ?? 0) + (counts['failed'] ?? 0);
  }
  const workers = (await registry.workers()).map(({ offer, trials, refused }) => ({
    ...offer,
    trials,
    refused: Object.values(refused),
  }));
  return { ...sum, workers };
}

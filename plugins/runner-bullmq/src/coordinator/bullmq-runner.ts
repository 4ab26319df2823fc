import { randomUUID } from 'node:crypto';
import { isAbsolute, join } from 'node:path';
import {
  messageOf,
  type RunnerStatus,
  type Trial,
  type TrialEvents,
  type TrialOutcome,
  type TrialRunner,
} from '@tersor/core';
import { createTurns } from '@tersor/study';
import { shortHash, type Lane } from '../jobs.js';
import { backendsOf } from '../needs.js';
import { bytesOf, type BullmqOptions } from '../options.js';
import { openRegistry } from '../registry.js';
import { connect } from '../server/connect.js';
import { createStore, isObjectStore } from '../store/open-store.js';
import { packInputs, type PackInputs } from '../store/pack-inputs.js';
import type { TrialStore } from '../store/trial-store.js';
import { work } from '../worker/work.js';
import { handOut } from './exchange.js';
import { openLane, type LaneQueue } from './lane-queue.js';
import { queueStatus } from './queue-status.js';

/**
 * A runner that puts trials into a queue on Redis or PostgreSQL. Workers on any machine take them from there;
 * files are exchanged through a store that all machines see. Throws `QUEUE_UNAVAILABLE`.
 * @param directory folder that the path of the store is relative to
 */
export async function createBullmqRunner(options: BullmqOptions, directory: string): Promise<TrialRunner> {
  const server = await connect(options.url, options.prefix);
  const registry = openRegistry(server);
  const pollMs = options.pollSeconds * 1000;
  const inTurn = createTurns(options.concurrency);
  // Places that are not folders belong to this process alone.
  const own = randomUUID();
  let opened: Promise<{ readonly store: TrialStore; readonly pack: PackInputs }> | undefined;
  const open = () => (opened ??= makeStore());
  const makeStore = async () => {
    const isWhole = isAbsolute(options.store) || isObjectStore(options.store);
    const store = await createStore(isWhole ? options.store : join(directory, options.store));
    return { store, pack: packInputs(store, [process.cwd(), __dirname]) };
  };
  const lanes = new Map<string, Promise<LaneQueue>>();
  const laneOf = (trial: Trial, store: TrialStore): Promise<LaneQueue> => {
    const lane = describeLane(trial, store, options);
    const known = lanes.get(lane.queue) ?? openLane(lane, { server, registry, pollMs });
    lanes.set(lane.queue, known);
    return known;
  };
  const runOne = async (trial: Trial, signal: AbortSignal, events: TrialEvents): Promise<TrialOutcome> => {
    const { store, pack } = await open();
    const files = await pack(trial.config, trial.directory);
    const lane = await laneOf(trial, store);
    const scope = trial.place.folder ?? own;
    const job = `trial-${shortHash([scope, trial.id, trial.config, trial.inputs])}`;
    return handOut(trial, { lane, store, files, job, pollMs, signal, events });
  };
  return {
    id: 'bullmq',
    concurrency: options.concurrency,
    ready: async () => void (await open()),
    run: async (trial, signal, events = {}) => {
      try {
        const outcome = await inTurn(signal, () => runOne(trial, signal, events));
        return outcome ?? { status: 'interrupted' };
      } catch (error) {
        if (signal.aborted) return { status: 'interrupted' };
        return { status: 'failed', error: `The trial could not be handed out: ${messageOf(error)}` };
      }
    },
    work: (workOptions) => work({ ...workOptions, server, registry, pollMs, store: options.store }),
    status: (): Promise<RunnerStatus> => queueStatus(server, registry),
    dispose: async () => {
      for (const lane of await Promise.allSettled(lanes.values()))
        if (lane.status === 'fulfilled') await lane.value.close().catch(() => undefined);
      await server.close();
    },
  };
}

/** The queue for trials with the same needs. */
function describeLane(
  trial: Trial,
  { address, id }: TrialStore,
  { needs, leaseSeconds, retakes }: BullmqOptions,
): Lane {
  const lane = {
    versions: { tersor: trial.inputs.tersor, node: process.version },
    backends: backendsOf(trial),
    cores: needs.cores ?? 1,
    memoryBytes: needs.memory === undefined ? 0 : bytesOf(needs.memory),
    leaseMs: leaseSeconds * 1000,
    retakes,
    store: { address, id },
  };
  return { queue: `lane-${shortHash([lane, trial.inputs])}`, ...lane };
}

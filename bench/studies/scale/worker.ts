// A process of five workers: node ... worker.ts URL STORE CACHE
import { createBullmqRunner } from '@tersor/runner-bullmq';
import { offer } from '../../../plugins/runner-bullmq/test/synthetic-study.js';
import { instantRunner, queueOptions } from './synthetic.js';

const [url, store, cache] = process.argv.slice(2) as [string, string, string];
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const workers = Array.from({ length: 5 }, async () => {
  const runner = await createBullmqRunner(queueOptions(url, store), store);
  const { signal } = stop;
  await runner.work!({ offer, local: instantRunner, cache, signal, onNotice: () => undefined });
  await runner.dispose?.();
});
void Promise.all(workers).then(() => process.exit(0));

import { availableParallelism, homedir, hostname, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { TersorError, type WorkerOffer } from '@tersor/core';
import { childProcessRunner, openRunner } from '@tersor/study';
import { examineBackends } from '../backends/examine-backends.js';
import { collect, keyValues } from '../option-values.js';
import { stopTrials, tersorVersion, thisProgram, wholeNumber } from '../studies/running-trials.js';

/** The runner whose trials are taken by default. */
const DEFAULT_RUNNER = 'bullmq';

interface Options {
  url: string;
  runner: string;
  store?: string;
  option: string[];
  jobs: number;
  name?: string;
  cache?: string;
  idle?: number;
  quiet?: boolean;
}

/** `tersor worker --url <url>`: takes trials of studies from a queue and runs them. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('take trials of studies on other machines from a queue, and run them here')
    .requiredOption(
      '--url <url>',
      'server of the queue: redis://... or postgres://..., as the studies have it',
    )
    .option('--runner <plugin>', 'runner that the studies use', DEFAULT_RUNNER)
    .option('--store <place>', 'where this machine sees the store (default: what the study says)')
    .option('--option <key=value>', 'further option of the runner; may be repeated', collect, [])
    .option('--jobs <count>', 'trials at the same time', wholeNumber(1), 1)
    .option('--name <name>', "what messages call this worker (default: the machine's name and the process)")
    .option(
      '--cache <dir>',
      'where models and data of trials are kept after they are fetched once (default: ~/.cache/tersor/inputs)',
    )
    .option('--idle <seconds>', 'end after this long without a trial', wholeNumber(1))
    .option('--quiet', 'say nothing')
    .action(takeTrials);
}

async function takeTrials(options: Options): Promise<void> {
  const { url, store, jobs, idle, quiet } = options;
  const say = (text: string) => {
    if (!quiet) process.stderr.write(`${text}\n`);
  };
  const { runner, dispose } = await openRunner({
    study: {
      runner: {
        use: options.runner,
        url,
        ...(store !== undefined && { store: isUrl(store) ? store : resolve(store) }),
        ...keyValues(options.option, '--option'),
      },
      seeds: [1],
    },
    path: resolve('worker'),
    command: thisProgram(),
    searchFrom: [process.cwd(), __dirname],
  });
  const { signal, restore } = stopTrials();
  try {
    if (!runner.work)
      throw new TersorError('CONFIG_INVALID', `The runner "${options.runner}" has no workers.`, {
        hint: `It runs trials itself. Leave out --runner to use "${DEFAULT_RUNNER}".`,
      });
    const offer = await offerOf(options);
    const memory = (offer.memoryBytes / 1e9).toFixed(1);
    say(
      `${offer.name} takes trials: ${jobs} at a time, ${offer.cores} cores and ${memory} GB for each, backends ${offer.backends.join(', ')}.`,
    );
    await runner.work({
      offer,
      local: childProcessRunner({ command: thisProgram(), concurrency: jobs, checkInputs: true }),
      cache: resolve(options.cache ?? join(homedir(), '.cache/tersor/inputs')),
      signal,
      ...(idle !== undefined && { idleSeconds: idle }),
      onNotice: say,
    });
    say('The worker has ended.');
  } finally {
    restore();
    await dispose();
  }
}

function isUrl(place: string): boolean {
  return /^[a-z\d]+:\/\//i.test(place);
}

/** What this machine offers each trial. */
async function offerOf({ name, jobs }: Options): Promise<WorkerOffer> {
  const findings = await examineBackends(() => undefined);
  const named = (available: boolean) =>
    findings.filter((each) => each.availability.available === available).map(({ backend }) => backend);
  return {
    name: name ?? `${hostname()}/${process.pid}`,
    versions: { tersor: tersorVersion(), node: process.version },
    backends: named(true),
    missing: named(false),
    cores: Math.max(1, Math.floor(availableParallelism() / jobs)),
    memoryBytes: Math.floor(totalmem() / jobs),
  };
}

import { availableParallelism } from 'node:os';
import { TersorError, type Action, type StepResult } from '@tersor/core';
import type { Walker } from '@tersor/rl';
import type { Measurement } from '../../training/evaluator.js';
import type { RacingState } from '../racing.js';
import type { StepAnswer, StepRequest, WorkerSetup } from './messages.js';
import { startWorkerProcess, WorkerEnded, type WorkerProcess } from './worker-process.js';

/** Processes that walk the episodes of a search. */
export interface EpisodePool {
  /** One per lane. */
  readonly walkers: readonly Walker[];
  /** Networks that were measured besides those in `measured`. */
  unnamed(): number;
  /** Tensors that each process held after its last step. */
  tensors(): readonly number[];
  /** Ends the processes; what they were asked is given up. */
  dispose(): void;
}

export interface EpisodePoolOptions {
  readonly setup: Omit<WorkerSetup, 'threads'>;
  readonly lanes: number;
  /** At most so many processes; as many as there are cores when absent. The results don't depend on it. */
  readonly processes?: number;
  /** What was measured so far, of all candidates: what the processes measure is added. */
  readonly measured: Map<string, Measurement>;
  /** Best reward so far; asked when an episode begins. */
  best(): number;
  onNotice(text: string): void;
}

/** Times that a process is started for one step before the search gives up. */
const STARTS = 2;

interface Turn {
  readonly worker: WorkerProcess;
  readonly ready: Promise<unknown>;
  /** Candidates of `measured` that it knows of. */
  told: number;
  tensors: number;
}

/**
 * Starts processes that make the stage's environment each for itself, and walk episodes in it: one lane is
 * always walked by the same process, and one that walks several lanes does so in turn. A process that ends is
 * started again and walks its step again; throws `SEARCH_WORKER_ENDED`, with the episode, when that one does
 * at the same step, too. What a candidate is measured against (the best reward, what was measured before) is
 * what was known when its batch began, so that nothing depends on which process was faster.
 */
export function startEpisodePool(options: EpisodePoolOptions): EpisodePool {
  const { setup, lanes, measured, processes = availableParallelism() } = options;
  const count = Math.min(lanes, processes);
  const threads = Math.max(1, Math.floor(availableParallelism() / Math.min(lanes, availableParallelism())));
  let isDisposed = false;
  let unnamed = 0;
  const start = (): Turn => {
    const worker = startWorkerProcess();
    const ready = worker.ask({ setup: { ...setup, threads } });
    // A failure rejects the next step that is asked for; the pool may be disposed before there is one.
    ready.catch(() => undefined);
    return { worker, ready, told: 0, tensors: 0 };
  };
  const turns = Array.from({ length: count }, start);
  const queues: Promise<unknown>[] = turns.map(() => Promise.resolve());

  const askOnce = async (index: number, request: Omit<StepRequest, 'measured'>, known: number) => {
    const turn = turns[index]!;
    await turn.ready;
    const news: RacingState = new Map([...measured].slice(turn.told, known));
    const message = await turn.worker.ask({ request: { ...request, measured: news } });
    turn.told = Math.max(turn.told, known);
    const { answer } = message as { readonly answer: StepAnswer };
    turn.tensors = answer.tensors;
    unnamed += answer.unnamed;
    for (const [key, measurement] of answer.measured) if (!measured.has(key)) measured.set(key, measurement);
    answer.notices.forEach(options.onNotice);
    return answer.step;
  };
  const ask = async (index: number, request: Omit<StepRequest, 'measured'>, known: number) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await askOnce(index, request, known);
      } catch (error) {
        if (!(error instanceof WorkerEnded) || isDisposed) throw error;
        if (attempt === STARTS) throw endedAgain(request.seed - setup.config.seed + 1, setup.stage, error);
        turns[index] = start();
      }
    }
  };
  const inTurn = (index: number, request: Omit<StepRequest, 'measured'>, known: number) => {
    const next = queues[index]!.then(() => ask(index, request, known));
    queues[index] = next.catch(() => undefined);
    return next;
  };

  const walkers = Array.from({ length: lanes }, (_, lane): Walker => {
    let seed = 0;
    let best = -Infinity;
    let known = 0;
    let actions: readonly Action[] = [];
    const step = () => inTurn(lane % count, { seed, actions, best }, known);
    return {
      reset: (of) => {
        [seed, best, known, actions] = [of, options.best(), measured.size, []];
        return step();
      },
      step: async (action) => {
        actions = [...actions, action];
        return (await step()) as StepResult;
      },
    };
  });
  return {
    walkers,
    unnamed: () => unnamed,
    tensors: () => turns.map(({ tensors }) => tensors),
    dispose: () => {
      isDisposed = true;
      turns.forEach(({ worker }) => worker.end());
    },
  };
}

function endedAgain(episode: number, stage: string, { message }: Error): TersorError {
  return new TersorError(
    'SEARCH_WORKER_ENDED',
    `The process that measures episode ${episode} of the ${stage} search has ended ${STARTS} times: ${message}.`,
    {
      hint: `It may have run out of memory: lower ${stage}.search.parallel, or use a machine with more. Or a native library crashed: ${stage}.search.parallel=1 shows it.`,
    },
  );
}

// Optimizers of other libraries, asked and told over the pipes of a Python process: see peer.py.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Action, Environment } from '@tersor/core';
import { createActionRange, requireBox, type EpisodeRecord } from '@tersor/rl';

export type PeerName = 'cma' | 'tpe' | 'gp';

interface Settings {
  readonly peer: PeerName;
  /** Heuristics whose actions it is told first. */
  readonly warmStart: readonly string[];
  readonly episodes: number;
  readonly seed: number;
  readonly python: string;
}

/** A search over whole policies: the actions of all steps in the unit cube. */
export async function searchWithPeer(
  environment: Environment,
  { peer, warmStart, episodes, seed, python }: Settings,
): Promise<EpisodeRecord[]> {
  const range = createActionRange(requireBox(peer, environment.actionSpace));
  const size = environment.maxSteps * range.size;
  const child = spawn(python, [join(__dirname, 'peer.py'), peer, String(size), String(seed)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const say = (message: object) => child.stdin.write(`${JSON.stringify(message)}\n`);
  const hear = async (): Promise<number[]> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${peer}: the Python process has ended`);
    return JSON.parse(value as string) as number[];
  };
  const records: EpisodeRecord[] = [];
  try {
    for (let episode = 1; episode <= episodes; episode++) {
      const started = performance.now();
      const heuristic = warmStart[episode - 1];
      if (heuristic === undefined) say({ ask: true });
      const units = heuristic === undefined ? await hear() : undefined;
      const given = heuristic === undefined ? undefined : await environment.heuristics![heuristic]!();
      await environment.reset(seed + episode - 1);
      const actions: Action[] = [];
      let reward = 0;
      let info: { measures?: EpisodeRecord['measures']; policy?: unknown } = {};
      for (let step = 0; step < environment.maxSteps; step++) {
        const own = units?.slice(step * range.size, (step + 1) * range.size);
        const result = await environment.step(given?.[step] ?? range.toAction(own!));
        actions.push(result.info.executed);
        reward += result.reward;
        info = result.info;
      }
      say({ x: actions.flatMap((action) => range.toUnit(action)), reward });
      records.push({
        episode,
        ...(heuristic !== undefined && { heuristic }),
        actions,
        reward,
        measures: info.measures ?? {},
        policy: info.policy,
        statistics: {},
        seconds: (performance.now() - started) / 1000,
      });
    }
  } finally {
    child.kill();
  }
  return records;
}

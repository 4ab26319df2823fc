/**
 * What a search adds to the heuristic `reconstruction`, in the environment with a wall and in the one around
 * the heuristic: the example at 30% and at 15% of its multiply-adds, without fine-tune. Every search gets the
 * heuristic as its first episode and measures on 400 validation images; the best five are confirmed on 400
 * others. Test images tell what the confirmed winner is worth, and what the best of the search itself would
 * have been. The pruner is prepared once for all, so that seeds are those of the agents. Runs that
 * `results/residual.json` has already stay; the rest takes an hour or two on two cores:
 *
 *     node --conditions=tersor/source --import tsx bench/search/residual.ts [seeds]
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { builtinPlugins, createEvaluator, type Evaluator } from '@tersor/compression';
import {
  createHost,
  describeMachine,
  TOKENS,
  type Evaluation,
  type LayerGraph,
  type PruneConfig,
  type PruneTask,
  type Reward,
} from '@tersor/core';
import { channelGroups, cost, readNetwork } from '@tersor/network';
import { search, type EpisodeRecord } from '@tersor/rl';
import { costLimit } from '../../packages/compression/src/limits/cost-limits.js';
import { confirmBest } from '../../packages/compression/src/search/confirm.js';
import { policyDigest } from '../../packages/compression/src/search/policy-digest.js';
import { createSearchEvaluators } from '../../packages/compression/src/search/search-images.js';

const ROOT = resolve(__dirname, '../..');
const RESULTS = join(__dirname, 'results/residual.json');
const EPISODES = 20;
const CONFIRM = 5;
const BUDGETS = [0.15, 0.3];
const seeds = Array.from({ length: Number(process.argv[2] ?? 3) }, (_, i) => i + 1);

interface Arm {
  readonly agent: string;
  readonly environment: 'pruning' | 'residual';
  readonly reward: 'accuracy' | 'agreement';
}

const searches = (['ddpg', 'ppo', 'evolution'] as const).flatMap((agent) =>
  (['pruning', 'residual'] as const).map((environment): Arm => ({ agent, environment, reward: 'accuracy' })),
);
const ARMS: readonly Arm[] = [
  { agent: 'heuristic', environment: 'pruning', reward: 'accuracy' },
  ...searches,
  { agent: 'ddpg', environment: 'residual', reward: 'agreement' },
];

/** A search. Accuracies are shares of 1. */
interface Run extends Arm {
  readonly macs: number;
  readonly seed: number;
  /** Highest reward within the first 10 and 20 episodes. */
  readonly bestReward: readonly number[];
  /**
   * The confirmed winner: its accuracy and reward on the images of the search, its reward on those of
   * confirmation, its test accuracy.
   */
  readonly winner: {
    readonly accuracy: number;
    readonly search: number;
    readonly confirmed: number;
    readonly test: number;
  };
  /** The best of the search, which would have won without confirmation. */
  readonly best: { readonly accuracy: number; readonly test: number };
  /** The winner is the heuristic's own policy. */
  readonly isHeuristic: boolean;
  readonly seconds: number;
}

function isSame(a: Arm, b: Arm): boolean {
  return a.agent === b.agent && a.environment === b.environment && a.reward === b.reward;
}

/** An evaluator that measures each policy once, whoever asks. */
type Remembering = (graph: LayerGraph, policy: string) => Promise<Evaluation>;

function remembering(evaluator: Evaluator): Remembering {
  const known = new Map<string, Evaluation>();
  return async (graph, policy) => {
    const found = known.get(policy) ?? (await evaluator.evaluate(graph, policy));
    known.set(policy, found);
    return found;
  };
}

const slot = (kind: 'agent' | 'environment' | 'reward', use: string) =>
  ({ kind, name: use, path: use, use, options: {} }) as const;

async function main(): Promise<void> {
  const agents = ['ddpg', 'ppo', 'evolution'] as const;
  const data = { dir: join(ROOT, 'examples/data/cifar-10-mini'), validation: 1000 };
  const pruning = { criterion: 'reconstruction', images: 1000, ridge: 1e-3, weights: 'equal' };
  const host = await createHost({
    slots: [
      { kind: 'backend', name: '', path: 'backend', use: 'node', options: {} },
      { kind: 'dataset', name: '', path: 'dataset', use: 'cifar10', options: data },
      { kind: 'pruner', name: '', path: 'pruner', use: 'channel', options: pruning },
      ...agents.map((use) => slot('agent', use)),
      ...(['pruning', 'residual'] as const).map((use) => slot('environment', use)),
      ...(['accuracy', 'agreement'] as const).map((use) => slot('reward', use)),
    ],
    directory: process.cwd(),
    seed: 1,
    builtins: builtinPlugins,
    searchFrom: [join(ROOT, 'packages/cli')],
  });
  try {
    const backend = await host.get(TOKENS.backend);
    await backend.activate();
    const dataset = await host.get(TOKENS.dataset);
    const graph = await readNetwork(join(ROOT, 'examples/vgg-small/model'));
    const { groups } = channelGroups(graph);
    const pruner = await host.get(TOKENS.pruner);
    await pruner.prepare({ graph, groups, dataset, backend, seed: 1 });
    const config = { images: 400, search: { confirm: CONFIRM } } as PruneConfig;
    const evaluators = await createSearchEvaluators({ backend, dataset, seed: 1 }, config, graph);
    const searching = remembering(evaluators.search);
    const confirming = remembering(evaluators.confirm!);
    const testing = remembering(await createEvaluator({ backend, dataset, split: 'test', original: graph }));
    const { macs, parameters } = cost(graph);

    const run = async (arm: Arm, share: number, seed: number): Promise<Run> => {
      const { agent: agentName, environment, reward: rewardName } = arm;
      const started = performance.now();
      const reward: Reward = await host.get(TOKENS.reward, rewardName);
      const limit = costLimit('macs', share).prune({
        name: 'macs',
        original: graph,
        originalBytes: parameters * 4,
        backend: backend.id,
      });
      const taskWith = (measured: Remembering): PruneTask => ({
        stage: 'prune',
        graph,
        groups,
        pruners: [pruner],
        limits: [limit],
        reward,
        baseline: { accuracy: 1, macs, parameters, bytes: parameters * 4 },
        minimum: 0.1,
        multiple: 1,
        evaluate: (candidate, given) => measured(candidate, policyDigest(given!.policy)),
      });
      const make = await host.get(TOKENS.environment, environment);
      const walk = await make(taskWith(searching));
      const isSearch = agentName !== 'heuristic';
      const createAgent = await host.get(TOKENS.agent, isSearch ? agentName : 'evolution');
      const episodes = isSearch ? EPISODES : 1;
      const records: EpisodeRecord[] = [];
      const { best } = await search({
        agent: createAgent({ ...walk, episodes, seed }),
        environment: walk,
        episodes,
        seed,
        warmStart: ['reconstruction'],
        hooks: { onEpisode: (record) => void records.push(record) },
      });
      const [first] = await confirmBest({
        records,
        candidates: CONFIRM,
        environment: await make(taskWith(confirming)),
        seed,
      });
      const winner = first!.record;
      /** Test accuracy of an episode's policy. */
      const testOf = async ({ actions }: EpisodeRecord): Promise<number> => {
        const again = await make(taskWith(testing));
        await again.reset(seed);
        let measures: EpisodeRecord['measures'] = {};
        for (const action of actions) measures = (await again.step(action)).info.measures ?? measures;
        return measures['accuracy']!;
      };
      return {
        ...arm,
        macs: share,
        seed,
        bestReward: [10, 20].map((count) =>
          records.slice(0, count).reduce((most, each) => Math.max(most, each.reward), -Infinity),
        ),
        winner: {
          accuracy: winner.measures['accuracy']!,
          search: winner.reward,
          confirmed: first!.reward,
          test: await testOf(winner),
        },
        best: { accuracy: best.measures['accuracy']!, test: await testOf(best) },
        isHeuristic: policyDigest(winner.policy) === policyDigest(records[0]!.policy),
        seconds: Math.round((performance.now() - started) / 1000),
      };
    };

    const runs: Run[] = existsSync(RESULTS)
      ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as { runs: Run[] }).runs
      : [];
    for (const share of BUDGETS) {
      for (const seed of seeds) {
        for (const arm of ARMS) {
          if (arm.agent === 'heuristic' && seed > 1) continue;
          if (runs.some((each) => each.macs === share && each.seed === seed && isSame(each, arm))) continue;
          runs.push(await run(arm, share, seed));
          write(runs);
          console.error(JSON.stringify(runs.at(-1)));
        }
      }
    }
    write(runs);
  } finally {
    await host.dispose();
  }
}

function write(runs: readonly Run[]): void {
  const written = {
    machine: describeMachine(),
    episodes: EPISODES,
    confirm: CONFIRM,
    rows: rowsOf(runs),
    runs,
  };
  writeFileSync(RESULTS, `${JSON.stringify(written, undefined, 1)}\n`);
}

/** Means over the seeds. */
function rowsOf(runs: readonly Run[]) {
  return BUDGETS.flatMap((macs) =>
    ARMS.flatMap((arm) => {
      const own = runs.filter((run) => run.macs === macs && isSame(run, arm));
      if (own.length === 0) return [];
      const mean = (of: (run: Run) => number) => own.reduce((sum, run) => sum + of(run), 0) / own.length;
      return [
        {
          ...arm,
          macs,
          seeds: own.length,
          best: mean(({ best }) => best.accuracy),
          bestTest: mean(({ best }) => best.test),
          winnerTest: mean(({ winner }) => winner.test),
          leastTest: Math.min(...own.map(({ winner }) => winner.test)),
          mostTest: Math.max(...own.map(({ winner }) => winner.test)),
          heuristics: own.filter(({ isHeuristic }) => isHeuristic).length,
        },
      ];
    }),
  );
}

void main();

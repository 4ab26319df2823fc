import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { channelGroups, cost, readNetwork, removeAll } from '@tersor/network';
import { compress, type PipelineRound, type PipelineStage, type Policy } from '@tersor/compression';
import { compressConfigSchema, readConfig, type LayerGraph, type PrunePlan } from '@tersor/core';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const SETTINGS = [
  'prune.stages=[{macs: 0.8}]',
  'prune.budget={macs: 0.5, parameters: 0.7}',
  'quantize.search.episodes=3',
  'quantize.finetune.epochs=0',
];

describe('stage 1 in two rounds', () => {
  let project: TinyProject;
  let whole: string;
  let ended: Awaited<ReturnType<typeof go>>;
  beforeAll(async () => {
    project = await createTinyProject();
    whole = join(project.folder, 'whole');
    ended = await go('whole');
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  async function go(out: string) {
    const config = await readConfig(project.config, compressConfigSchema, SETTINGS);
    const reached: string[] = [];
    const onStage = (stage: PipelineStage, round?: PipelineRound) =>
      void reached.push(`${stage}${round ? ` ${round.number}/${round.of}` : ''}`);
    const summary = await compress({
      config,
      directory: dirname(project.config),
      output: join(project.folder, out),
      searchFrom: [__dirname],
      events: { onStage },
    });
    return { reached, summary };
  }
  const json = async <T>(file: string) => JSON.parse(await readFile(join(whole, file), 'utf8')) as T;
  const apply = (graph: LayerGraph, plan: PrunePlan) => {
    const { groups } = channelGroups(graph);
    return removeAll(
      graph,
      plan.flatMap(({ group, keep }) =>
        keep ? [{ group: groups.find(({ name }) => name === group)!, keep }] : [],
      ),
    );
  };

  it('ends each round under its own target, and the last under both', async () => {
    const { summary, reached } = ended;
    expect(reached.slice(0, 7)).toEqual([
      'baseline',
      'prune-prepare 1/2',
      'prune 1/2',
      'prune-finetune 1/2',
      'prune-prepare 2/2',
      'prune 2/2',
      'prune-finetune 2/2',
    ]);
    expect(summary.pruned.macs).toBeLessThanOrEqual(0.5 * summary.baseline.macs);
    expect(summary.pruned.parameters).toBeLessThanOrEqual(0.7 * summary.baseline.parameters);
    const lines = (await readFile(join(whole, 'episodes.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as { stage: string; round?: number; episode: number; measures: { macs: number } },
      );
    const rounds = lines.filter(({ stage }) => stage === 'prune');
    expect(rounds.map(({ round, episode }) => [round, episode])).toEqual(
      Array.from({ length: 12 }, (_, i) => [i < 6 ? 1 : 2, i + 1]),
    );
    for (const { round, measures } of rounds)
      expect(measures.macs).toBeLessThanOrEqual((round === 1 ? 0.8 : 0.5) * summary.baseline.macs);
    expect(lines.filter(({ stage }) => stage === 'quantize').every(({ round }) => round === undefined)).toBe(
      true,
    );
    const { prune } = summary.search;
    expect(prune).toMatchObject({ episodes: 12, bestReward: prune!.rounds![1]!.bestReward });
    expect(prune!.rounds!.map(({ episodes }) => episodes)).toEqual([6, 6]);
  });

  it('records a plan for each round, which replayed one after the other give the network', async () => {
    const policy = await json<Policy>('policy.json');
    expect(Object.keys(policy)).toEqual(['pruneRounds', 'quantize']);
    const original = await readNetwork(project.model);
    const first = apply(original, policy.pruneRounds![0]!);
    const last = apply(first, policy.pruneRounds![1]!);
    expect(cost(first).macs).toBeLessThanOrEqual(0.8 * cost(original).macs);
    expect(cost(first).macs).toBeGreaterThan(0.5 * cost(original).macs);
    const shapes = ({ layers }: LayerGraph) =>
      layers.map(({ name, weights }) => [name, weights.map(({ shape }) => shape)]);
    expect(shapes(last)).toEqual(shapes(await readNetwork(join(whole, 'pruned/model.json'))));
  });
});

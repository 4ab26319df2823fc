import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compressWithStops, type Outcome } from './stopped-compression.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const common = (episodes: number, memory = '') => [
  'prune.environment=residual',
  'prune.agent={ use: ddpg, hidden: [16], warmup: 4 }',
  `prune.search={ episodes: ${episodes}, warmStart: [magnitude]${memory} }`,
  'prune.finetune.epochs=0',
  'quantize.agent=uniform',
  'quantize.search.episodes=1',
  'quantize.finetune.epochs=0',
];
const remembering = common(3, ', memory: [first]');

describe('a search that remembers an earlier run', () => {
  let project: TinyProject;
  let first: Outcome;
  let second: Outcome;
  beforeAll(async () => {
    project = await createTinyProject();
    first = await compressWithStops(project, 'first', common(6));
    second = await compressWithStops(project, 'second', remembering);
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));
  const ofPruning = ({ episodes }: Outcome) => episodes.filter(({ stage }) => stage === 'prune');

  it('starts with the best that the first run knew, and then with its own warm starts', () => {
    const best = ofPruning(first).reduce((most, each) => (each.reward > most.reward ? each : most));
    const [begin, next] = ofPruning(second);
    expect(begin).toMatchObject({ heuristic: 'memory', actions: best.actions, policy: best.policy });
    expect(begin!.reward).toBe(best.reward);
    expect(next).toMatchObject({ heuristic: 'magnitude' });
  });

  it('has its warm-up behind it: the agent has learned from the six episodes before its own first', () => {
    const learned = (outcome: Outcome) =>
      ofPruning(outcome).map((each) => 'updates' in (each as unknown as { statistics: object }).statistics);
    expect(learned(first)).toEqual([false, false, false, false, true, true]);
    expect(learned(second)).toEqual([true, true, true]);
  });

  it('ends the same when it is stopped again and again, and resumed', async () => {
    const stopped = await compressWithStops(project, 'stopped', remembering, 1);
    expect(stopped.stops).toBeGreaterThan(2);
    expect(stopped.episodes).toEqual(second.episodes);
  });

  it('counts what it remembers for the identity of the run', async () => {
    expect(Object.keys(second.summary.identity!.files)).toEqual([
      'prune.search.memory: first/episodes.jsonl',
    ]);
    expect(Object.keys(first.summary.identity!.files)).toEqual([]);
  });

  describe('refuses before anything is measured', () => {
    const refused = (settings: readonly string[]) =>
      compressWithStops(project, 'refused', settings).catch((error: unknown) => error);

    it('a folder without results, by its name', async () =>
      expect(await refused(common(3, ', memory: [data]'))).toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('prune.search.memory: the file data'),
      }));

    it('a run with another reward or budget, with what it was', async () => {
      expect(await refused([...remembering, 'prune.reward=agreement'])).toMatchObject({
        code: 'CONFIG_INVALID',
        message:
          'prune.search.memory: the run in first had "prune.reward" "accuracy", which is now "agreement".',
      });
      expect(await refused([...remembering, 'prune.budget.macs=0.5'])).toMatchObject({
        message: expect.stringContaining('had "prune.budget" {"macs":0.6}, which is now {"macs":0.5}'),
      });
    });

    it('a run of a network with other weights, for an agent that studies none', async () => {
      await cp(join(project.folder, 'first'), join(project.folder, 'other'), { recursive: true });
      const path = join(project.folder, 'other/summary.json');
      const summary = String(await readFile(path));
      const weights = first.summary.identity!.model.weights!;
      await writeFile(path, summary.replaceAll(weights, weights.replaceAll(/./g, '0')));
      expect(await refused(common(3, ', memory: [first, other]'))).toMatchObject({
        message:
          'prune.search.memory: a run is of another network, from which the agent "ddpg" learns nothing.',
      });
    });

    it('rounds of "prune.stages", which search in other networks', async () =>
      expect(await refused([...remembering, 'prune.stages=[{ macs: 0.8 }]'])).toMatchObject({
        message: expect.stringContaining('episodes are not carried into "prune.stages"'),
      }));
  });
});

describe('stage 2', () => {
  const bits = (episodes: number, memory = '') => [
    'prune.agent=uniform',
    'prune.search.episodes=1',
    'prune.finetune.epochs=0',
    'quantize.environment=residual',
    'quantize.agent={ use: ddpg, hidden: [16], warmup: 2 }',
    `quantize.search={ episodes: ${episodes}, warmStart: [magnitude]${memory} }`,
    'quantize.finetune.epochs=0',
  ];
  let project: TinyProject;
  let first: Outcome;
  beforeAll(async () => {
    project = await createTinyProject();
    first = await compressWithStops(project, 'first', bits(4));
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));
  const ofBits = ({ episodes }: Outcome) => episodes.filter(({ stage }) => stage === 'quantize');

  it('remembers an earlier run whose stage 1 was the same, and begins with its best', async () => {
    const second = await compressWithStops(project, 'second', bits(3, ', memory: [first]'));
    const best = ofBits(first).reduce((most, each) => (each.reward > most.reward ? each : most));
    const [begin] = ofBits(second);
    expect(begin).toMatchObject({ heuristic: 'memory', policy: best.policy, reward: best.reward });
    expect(Object.keys(second.summary.identity!.files)).toEqual([
      'quantize.search.memory: first/episodes.jsonl',
    ]);
  });

  it('takes a run with another stage 1 for one of another network: studied, and not carried out', async () => {
    const another = (agent: string) => [
      ...bits(3, ', memory: [first]'),
      'prune.budget.macs=0.8',
      `quantize.agent=${agent}`,
    ];
    await expect(compressWithStops(project, 'refused', another('ddpg'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message:
        'quantize.search.memory: a run is of another network, from which the agent "ddpg" learns nothing.',
    });
    const student = '{ use: ensemble, shared: true, critics: 2, hidden: [8], updates: 8, candidates: 30 }';
    const studied = await compressWithStops(project, 'studied', another(student));
    expect(ofBits(studied).map(({ heuristic }) => heuristic)).toEqual(['magnitude', undefined, undefined]);
    const stopped = await compressWithStops(project, 'stopped', another(student), 1);
    expect(stopped.stops).toBeGreaterThan(1);
    expect(stopped.episodes).toEqual(studied.episodes);
  });
});

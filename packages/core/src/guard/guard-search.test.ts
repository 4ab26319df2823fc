import { caught, expectMisbehaved, guard } from '../../test/guarding.js';
import type { Agent, AgentTask } from '../contracts/agent.js';
import type { PruneTask } from '../contracts/environment-task.js';
import type { Environment } from '../contracts/environment.js';
import type { ChannelGroup } from '../contracts/pruner.js';
import { TersorError } from '../errors.js';

const box = { type: 'box', low: [0.1], high: [1] } as const;
const space = { type: 'box', low: [0], high: [1] } as const;
const goodAgent: Agent = {
  act: () => [0.5],
  observe: () => undefined,
  learn: () => ({ loss: 1 }),
  save: () => ({}),
  load: () => undefined,
  dispose: () => undefined,
};
const agentWith = (change: Record<string, unknown>, actionSpace: AgentTask['actionSpace'] = box) =>
  guard('agent', () => ({ ...goodAgent, ...change }))({
    observationSpace: space,
    actionSpace,
    maxSteps: 2,
    episodes: 3,
    seed: 1,
  });

describe('an agent', () => {
  const act = (result: unknown, actionSpace?: AgentTask['actionSpace']) => () =>
    agentWith({ act: () => result }, actionSpace).act([0], { explore: true });

  it.each<[string, unknown, string]>([
    ['a promise', Promise.resolve([0.5]), 'a promise'],
    ['a bare number', 3, 'act gave 3'],
    ['nothing', undefined, 'undefined'],
    ['NaN', [NaN], '[NaN]'],
    ['too many numbers', [0.5, 0.5], '[0.5, 0.5]'],
    ['no numbers', [], '[]'],
    ['text', ['0.5'], '["0.5"]'],
    ['a number outside of the space', [1.2], '[1.2]'],
  ])('that acts with %s is named, with the value and what was expected', (_, result, found) =>
    expectMisbehaved(act(result), 'act', found, 'a list of 1 number from 0.1 to 1'),
  );

  it('that picks a choice that is not there is named', () =>
    expectMisbehaved(act([5], { type: 'discrete', size: 5 }), '[5]', 'a whole number from 0 to 4'));

  it('may act with a typed array, which arrives as a plain list', () => {
    expect(act(Float64Array.of(0.25))()).toEqual([0.25]);
    expect(Array.isArray(act(Float64Array.of(0.25))())).toBe(true);
  });

  it('that is a promise, or lacks a method, is named', async () => {
    await expectMisbehaved(
      () => guard('agent', async () => goodAgent)({} as AgentTask),
      'its factory gave a promise',
    );
    await expectMisbehaved(() => agentWith({ learn: undefined }), 'its factory', 'learn');
  });

  it.each(['observe', 'learn', 'save', 'load'] as const)(
    'whose %s answers with a promise that nobody awaits is named',
    (member) =>
      expectMisbehaved(
        () => (agentWith({ [member]: async () => ({}) })[member] as (argument: unknown) => unknown)({}),
        member,
        'a promise',
      ),
  );

  it('whose state cannot be saved is named', () =>
    expectMisbehaved(() => agentWith({ save: () => ({ f: () => 1 }) }).save(), 'save', 'cloned'));

  it('keeps private members and the order of calls', () => {
    class Counting {
      #count = 0;
      act = () => [Math.min(1, ++this.#count / 2)];
      observe() {
        this.#count++;
      }
      learn = () => ({ count: this.#count });
      save = () => this.#count;
      load(count: number) {
        this.#count = count;
      }
      dispose() {
        this.#count = 0;
      }
    }
    const agent = guard('agent', () => Object.freeze(new Counting()))({
      actionSpace: box,
    } as unknown as AgentTask);
    agent.load(0);
    agent.act([0], { explore: true });
    agent.observe({} as never);
    expect(agent.learn()).toEqual({ count: 2 });
  });
});

it('a plugin that throws is named, with what it threw as the cause', async () => {
  const thrown = new TypeError('x is not a function');
  const error = await caught(() =>
    agentWith({
      act: () => {
        throw thrown;
      },
    }).act([0], { explore: true }),
  );
  expect(error).toMatchObject({
    code: 'PLUGIN_FAILED',
    message: 'tersor-bad (agent "bad") threw in act: x is not a function',
    cause: thrown,
  });
  const goodPruner = { id: 'bad', action: 'channels', plan: () => ({}), apply: () => ({}) };
  const later = await caught(() =>
    guard('pruner', {
      ...goodPruner,
      prepare: async () => {
        throw thrown;
      },
    }).prepare({} as never),
  );
  expect(later).toMatchObject({
    code: 'PLUGIN_FAILED',
    message: expect.stringContaining('threw in prepare: x is not'),
    cause: thrown,
  });
});

it('an error with a code passes as it is', async () => {
  const own = new TersorError('SPACE_UNSUPPORTED', 'no');
  expect(
    await caught(() =>
      guard('agent', () => {
        throw own;
      })({} as AgentTask),
    ),
  ).toBe(own);
});

const group: ChannelGroup = { name: 'conv1', channels: 4, members: [] };
const task = { stage: 'prune', groups: [group], pruners: [{ id: 'bad' }] } as unknown as PruneTask;
const goodStep = {
  observation: [1],
  reward: 0.5,
  terminated: true,
  truncated: false,
  info: {
    executed: [0.5],
    measures: { accuracy: 0.5 },
    policy: [{ pruner: 'bad', group: 'conv1', keep: [0, 2] }],
  },
};
const goodEnvironment: Environment = {
  observationSpace: space,
  actionSpace: box,
  maxSteps: 2,
  reset: async () => ({ observation: [0] }),
  step: async () => goodStep,
};
const environmentWith = (change: Record<string, unknown>) =>
  guard('environment', async () => ({ ...goodEnvironment, ...change }))(task);
const stepWith = (change: Record<string, unknown>) => async () =>
  (await environmentWith({ step: async () => ({ ...goodStep, ...change }) })).step([0.5]);

describe('an environment', () => {
  it('that keeps its promises is left alone', async () => {
    const environment = await environmentWith({ heuristics: { uniform: async () => [[0.5]] } });
    expect(await environment.reset(1)).toEqual({ observation: [0] });
    expect(await environment.step([0.5])).toEqual(goodStep);
    expect(await environment.heuristics!['uniform']!()).toEqual([[0.5]]);
    expect(Object.keys(environment.heuristics!)).toEqual(['uniform']);
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ['a reward of NaN', { reward: NaN }, 'reward', 'NaN'],
    ['an observation outside of its space', { observation: [1.5] }, 'observation', '[1.5]'],
    ['an observation of the wrong length', { observation: [0, 0] }, 'observation', '[0, 0]'],
    ['no flag for the end', { terminated: undefined }, 'terminated', 'undefined'],
    ['no action that was carried out', { info: {} }, 'info.executed', 'undefined'],
    [
      'a measure of NaN',
      { info: { ...goodStep.info, measures: { accuracy: NaN } } },
      'info.measures.accuracy',
      'NaN',
    ],
    ['no policy at the end', { info: { executed: [0.5] } }, 'info.policy', 'undefined'],
    [
      'a policy for a group that is not there',
      { info: { ...goodStep.info, policy: [{ pruner: 'bad', group: 'no' }] } },
      'info.policy',
      'conv1',
    ],
    ['no end by maxSteps', { terminated: false }, 'maxSteps', '2'],
  ])('whose step gives %s is named', (_, change, member, found) =>
    expectMisbehaved(
      async () => {
        const step = stepWith(change);
        const environment = await environmentWith({ step: async () => ({ ...goodStep, ...change }) });
        await environment.step([0.5]);
        await environment.step([0.5]);
        await step();
      },
      member,
      found,
    ),
  );

  it('without spaces is named', () =>
    expectMisbehaved(() => environmentWith({ actionSpace: { type: 'box', low: [0] } }), 'actionSpace'));
  it.each<[string, unknown]>([
    ['too few rows', [[0.5]]],
    ['rows of different lengths', [[0.5], [0.5, 0]]],
    ['a number beyond 1', [[0.5], [2]]],
  ])('that knows its steps by %s is named', (_, features) =>
    expectMisbehaved(() => environmentWith({ features }), 'features', '2 rows'),
  );
  it.each<[string, readonly number[][]]>([
    ['too few rows', [[0.5]]],
    ['no number', [[0.5], [NaN]]],
    ['a number beyond 1', [[0.5], [-2]]],
  ])('that tells the effects of actions by %s is named', (_, effects) =>
    expectMisbehaved(
      async () => (await environmentWith({ effectsOf: () => effects })).effectsOf!([[0.5], [0.5]]),
      'effectsOf',
      '2 rows',
    ),
  );
  it('whose guess is no number is named', () =>
    expectMisbehaved(
      async () => (await environmentWith({ guess: () => NaN })).guess!([[0.5]]),
      'guess',
      'NaN',
    ));
  it.each<[string, readonly number[][]]>([
    ['too few', [[0.5]]],
    ['one outside of the observation space', [[0.5], [7]]],
  ])('that tells %s observations of actions is named', (_, observations) =>
    expectMisbehaved(
      async () =>
        (await environmentWith({ observationsOf: () => observations })).observationsOf!([[0.5], [0.5]]),
      'observationsOf',
    ),
  );
  it('that tells no policy of actions is named', () =>
    expectMisbehaved(
      async () => (await environmentWith({ policyOf: () => undefined })).policyOf!([[0.5], [0.5]]),
      'policyOf',
    ));
  it('whose heuristic gives no actions is named', () =>
    expectMisbehaved(
      async () =>
        (await environmentWith({ heuristics: { uniform: async () => [[7]] } })).heuristics!['uniform']!(),
      'heuristics.uniform',
      '[7]',
    ));
});

it.each([[NaN], [undefined], [Promise.resolve(1)], ['0.5']])('a reward of %p is refused', (value) =>
  expectMisbehaved(
    () => guard('reward', { id: 'bad', evaluate: () => value }).evaluate({} as never),
    'reward "bad"',
    'evaluate',
    'a finite number',
  ),
);

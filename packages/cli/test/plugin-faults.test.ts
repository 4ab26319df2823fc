import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

/** A plugin as a user writes one, in a file beside the config, without any package. */
const pluginOf = (kind: string, create: string) => `
const options = { '~standard': { version: 1, vendor: 'none', validate: (value) => ({ value }) } };
module.exports = { tersorPlugin: 1, name: 'mine', kind: '${kind}', id: 'mine', core: '>=0.1.0 <1.0.0', description: '', options, create: ${create} };`;
const agentOf = (members: string) =>
  pluginOf(
    'agent',
    `() => (task) => ({ act: () => task.actionSpace.low, observe() {}, learn: () => ({}), save: () => ({}), load() {}, dispose() {}, ${members} })`,
  );

let project: TinyProject;
beforeAll(async () => {
  project = await createTinyProject();
});
afterAll(() => rm(project.folder, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFile(join(project.folder, name), text);
const compress = (...set: string[]) =>
  tersor(
    '--verbose',
    'compress',
    project.config,
    '--quiet',
    '--out',
    join(project.folder, 'bad'),
    '--set',
    'prune.finetune.epochs=0',
    ...set.flatMap((each) => ['--set', each]),
  );

it.each<[string, string, string]>([
  ['a promise', 'act: async () => [0.5]', 'act gave a promise; expected a list of 1 number from 0.1 to 1'],
  ['a bare number', 'act: () => 3', 'act gave 3'],
  ['NaN', 'act: () => [NaN]', 'act gave [NaN]'],
])('names an agent that acts with %s', async (what, members, message) => {
  // A module is read once in a process: each case has a file of its own.
  const file = `./acts-${what.replaceAll(' ', '-')}.cjs`;
  await write(file, agentOf(members));
  const { code, err } = await compress(`prune.agent.use=${file}`);
  expect(err).toContain(`${file} (agent "mine"): ${message}`);
  expect(err).toContain('[PLUGIN_MISBEHAVED]');
  expect(code).toBe(1);
});

it('names an agent that throws, and shows its own stack on demand', async () => {
  await write('thrower.cjs', agentOf('act: function pick() { return undefined.length; }'));
  const { code, err } = await compress('prune.agent.use=./thrower.cjs');
  expect(err).toContain('./thrower.cjs (agent "mine") threw in act:');
  expect(err).toMatch(/caused by TypeError.*\n.*thrower\.cjs/);
  expect(code).toBe(1);
});

it.each([
  [
    'a warm start',
    ['prune.search.warmStart=[fisher]'],
    'prune.search.warmStart: there is no heuristic "fisher"; offered here: uniform, magnitude',
  ],
  [
    'a heuristic',
    ['prune.agent={ use: heuristic, name: fisher }', 'prune.search={ episodes: 1 }'],
    'prune.agent: The agent "heuristic" needs an environment with the heuristic "fisher"',
  ],
])('refuses %s that nobody knows before any pruner prepares', async (_, set, message) => {
  await write(
    'waits.cjs',
    pluginOf(
      'pruner',
      `() => ({ id: 'mine', action: 'channels', plan() {}, apply() {}, prepare() { throw new Error('too late'); } })`,
    ),
  );
  const { code, err } = await compress('prune.pruner=./waits.cjs', ...set);
  expect(err).toContain(message);
  expect(err).toContain('[CONFIG_INVALID]');
  expect(code).toBe(1);
});

it('names a reward of NaN', async () => {
  await write('nan-reward.cjs', pluginOf('reward', "() => ({ id: 'mine', evaluate: () => NaN })"));
  expect(await compress('prune.reward=./nan-reward.cjs')).toMatchObject({
    code: 1,
    err: expect.stringContaining('./nan-reward.cjs (reward "mine"): evaluate gave NaN'),
  });
});

it.each([
  ['prune', ['prune.agent.use=./choosy.cjs']],
  ['quantize', ['quantize.actions=discrete', 'quantize.agent.use=ddpg']],
])(
  'refuses an agent that cannot handle the actions of the stage %s before any pruner prepares',
  async (stage, set) => {
    await write(
      'choosy.cjs',
      pluginOf(
        'agent',
        `() => () => { throw Object.assign(new Error('only choices'), { name: 'TersorError', code: 'SPACE_UNSUPPORTED' }); }`,
      ),
    );
    const prepared = join(project.folder, 'prepared');
    await write(
      'slow.cjs',
      pluginOf(
        'pruner',
        `() => ({ id: 'mine', action: 'channels', prepare: async () => require('node:fs').writeFileSync(${JSON.stringify(prepared)}, ''), plan: (group) => ({ pruner: 'mine', group: group.name }), apply: (graph) => graph })`,
      ),
    );
    // A search that went wrong in an earlier test left its checkpoint.
    await rm(join(project.folder, 'bad'), { recursive: true, force: true });
    const { code, err } = await compress('prune.pruner=./slow.cjs', ...set);
    expect(err).toContain(`${stage}.agent: `);
    expect(err).toContain('[SPACE_UNSUPPORTED]');
    expect(code).toBe(1);
    expect(existsSync(prepared)).toBe(false);
    expect(await readdir(join(project.folder, 'bad')).catch(() => [])).toEqual([]);
  },
);

it('keeps the # of a value', async () => {
  const { err } = await tersor(
    'eval',
    project.model,
    '--dataset',
    'cifar10',
    '--option',
    `dir=${project.folder}/a #1`,
  );
  expect(err).toContain(`${project.folder}/a #1`);
  const set = await compress(`dataset.dir=${project.folder}/b #2`);
  expect(set.err).toContain(`${project.folder}/b #2`);
});

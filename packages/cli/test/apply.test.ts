import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { compress, readPolicy, type PipelineStage, type Policy, type Summary } from '@tersor/compression';
import { readNetwork, writeModel } from '@tersor/network';
import { compressConfigSchema, readConfig } from '@tersor/core';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const SAME = [
  'model.tersor',
  'model/model.json',
  'model/weights.bin',
  'pruned/model.json',
  'pruned/weights.bin',
  'policy.json',
  'layers.json',
];

describe('tersor apply', () => {
  let project: TinyProject;
  beforeAll(async () => {
    project = await createTinyProject();
    await tersor('compress', project.config, '--out', at('found'), '--quiet');
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  const at = (path: string) => join(project.folder, path);
  const read = (path: string) => readFile(at(path));
  const json = async <T>(path: string) => JSON.parse(String(await read(path))) as T;
  const apply = (policy: string, out: string, ...more: string[]) =>
    tersor(
      'apply',
      relative('', at(policy)),
      '--config',
      project.config,
      '--out',
      at(out),
      '--quiet',
      ...more,
    );
  const set = (values: readonly string[]) => values.flatMap((value) => ['--set', value]);
  /** Writes a policy that is the found one but for a change. */
  const changed = async (name: string, change: (policy: Policy) => unknown) => {
    await writeFile(at(name), JSON.stringify(change(await json<Policy>('found/policy.json'))));
    return name;
  };

  /** The project's config without one of its stages. */
  const configWithout = async (stage?: string) => {
    await writeFile(
      at('part.yaml'),
      String(await read('compress.yaml')).replace(new RegExp(`^${stage}:\n( .*\n)+`, 'm'), ''),
    );
    return at('part.yaml');
  };

  // Every row has all columns: jest takes a parameter that is not given for its "done".
  it.each<[string, string[], string | undefined]>([
    ['a policy of both stages', [], undefined],
    ['a policy of several rounds', ['prune.stages=[{macs: 0.8}]', 'prune.budget.macs=0.5'], undefined],
    ['one that rounds activations', ['quantize.activations={bits: 4, images: 40}'], undefined],
    [
      'one of k-means bits, refit batch norms and two pruners',
      [
        'quantize.quantizer=kmeans',
        'prune.pruner=[{use: channel, batchNormImages: 40}, {use: variational, epochs: 1, images: 40, batchSize: 20}]',
      ],
      undefined,
    ],
    ['one of stage 1 alone', [], 'quantize'],
    ['one of stage 2 alone', [], 'prune'],
  ])('carries out %s to the same files, byte by byte, without a search', async (_what, settings, without) => {
    const config = await configWithout(without);
    const fewer = ['prune', 'quantize']
      .filter((stage) => stage !== without)
      .map((stage) => `${stage}.search.episodes=3`);
    const more = [...set([...settings, ...fewer]), '--quiet'];
    expect(await tersor('compress', config, '--out', at('searched'), ...more)).toMatchObject({ code: 0 });
    const tensors = tf.memory().numTensors;
    const { code, out, err } = await tersor(
      'apply',
      at('searched/policy.json'),
      '--config',
      config,
      '--out',
      at('applied'),
      '--json',
      ...more,
    );
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(tf.memory().numTensors).toBe(tensors);
    for (const file of SAME.filter((name) => without !== 'quantize' || name !== 'model.tersor'))
      expect([file, (await read(join('applied', file))).equals(await read(join('searched', file)))]).toEqual([
        file,
        true,
      ]);
    expect((await readdir(at('applied'))).sort()).toEqual((await readdir(at('searched'))).sort());
    const [searched, applied] = [
      await json<Summary>('searched/summary.json'),
      await json<Summary>('applied/summary.json'),
    ];
    expect(JSON.parse(out)).toEqual(applied);
    for (const key of ['baseline', 'pruned', 'compressed', 'ratio', 'activations'] as const)
      expect(applied[key]).toEqual(searched[key]);
    expect(applied).toMatchObject({
      search: {},
      carriedOut: { policy: at('searched/policy.json') },
    });
    expect(String(await read('applied/episodes.jsonl'))).toBe('');
    for (const out of ['searched', 'applied']) await rm(at(out), { recursive: true });
  });

  it('carries out any candidate of the search, with the costs that the search measured', async () => {
    const lines = String(await read('found/episodes.jsonl'))
      .trim()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as { stage: string; episode: number; policy: never; measures: { macs: number } },
      );
    const winner = await json<Policy>('found/policy.json');
    const other = lines.find(
      ({ stage, policy }) => stage === 'prune' && JSON.stringify(policy) !== JSON.stringify(winner.prune),
    )!;
    const { code, err } = await apply('found', 'candidate', '--episode', String(other.episode));
    expect({ code, err }).toMatchObject({ code: 0 });
    const policy = await json<Policy>('candidate/policy.json');
    expect(policy).toEqual({ ...winner, prune: other.policy });
    const summary = await json<Summary>('candidate/summary.json');
    expect(summary.pruned.macs).toBe(other.measures.macs);
    expect(summary.carriedOut!.policy).toBe(
      `${relative('', at('found'))}, episode ${other.episode} of prune`,
    );

    const bits = lines.find(({ stage }) => stage === 'quantize')!;
    expect(await apply('found', 'bits', '--episode', '1', '--stage', 'quantize')).toMatchObject({ code: 0 });
    expect(await json<Policy>('bits/policy.json')).toEqual({ ...winner, quantize: bits.policy });
    for (const out of ['candidate', 'bits']) await rm(at(out), { recursive: true });
  });

  it('takes the winner from a folder, and says which episodes there are', async () => {
    expect((await apply('found', 'none', '--episode', '70')).err).toMatch(
      /has no episode 70 of the stage "prune".*\[POLICY_INVALID\]\n.*It has 6/,
    );
    for (const option of [
      ['--episode', '2'],
      ['--stage', 'prune'],
    ])
      expect((await apply('found/policy.json', 'none', ...option)).err).toMatch(
        new RegExp(
          `A policy file has no episodes: ${option[0]} does not go with .*\\n.*folder of the run.*found$`,
          'm',
        ),
      );
    expect((await apply('found', 'none', '--stage', 'prune')).err).toContain('--stage needs --episode');
    expect((await apply('nowhere', 'none', '--episode', '2')).err).toContain('There is no policy at');
    expect(await apply('found', 'winner')).toMatchObject({ code: 0 });
    expect((await read('winner/model.tersor')).equals(await read('found/model.tersor'))).toBe(true);
    // A policy that was applied has no candidates.
    expect((await apply('winner', 'none', '--episode', '1')).err).toMatch(
      /winner has no candidates: its episodes.jsonl is missing or empty/,
    );
  });

  it('needs none of the plugins of a search', async () => {
    const { code, out } = await apply(
      'found/policy.json',
      'searchless',
      ...set(['prune.agent.use=not-installed', 'quantize.agent.use=not-installed']),
    );
    expect(code).toBe(0);
    expect(out).toMatch(/pruned \+ quantized/);
    expect(out).toContain(`the policy of ${relative('', at('found/policy.json'))} was applied`);
    expect((await read('searchless/model.tersor')).equals(await read('found/model.tersor'))).toBe(true);
  });

  it('ends the same when it is stopped in a fine-tune and resumed, and refuses to go on with another policy', async () => {
    const config = await readConfig(project.config, compressConfigSchema, ['prune.finetune.epochs=3']);
    const go = async (out: string, policy: string, stopAt?: PipelineStage) => {
      let stop = false;
      const onProgress = ({ stage }: { readonly stage: PipelineStage }) => void (stop ||= stage === stopAt);
      return compress({
        config,
        policy: await readPolicy(at(policy)),
        directory: dirname(project.config),
        output: at(out),
        resume: true,
        shouldStop: () => stop,
        events: { onProgress },
        searchFrom: [__dirname],
      });
    };
    await go('whole', 'found/policy.json');
    await expect(go('parts', 'found/policy.json', 'prune-finetune')).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    const other = await changed('other.json', ({ prune, quantize }) => ({
      prune,
      quantize: { ...quantize, conv1: 2 },
    }));
    await expect(go('parts', other)).rejects.toMatchObject({
      code: 'CHECKPOINT_MISMATCH',
      message: expect.stringContaining('"policy" was'),
    });
    await go('parts', 'found/policy.json');
    for (const file of SAME)
      expect((await read(join('parts', file))).equals(await read(join('whole', file)))).toBe(true);
  });

  it('notes a budget that the policy does not keep', async () => {
    const { code, err } = await apply('found/policy.json', 'over', ...set(['prune.budget.macs=0.2']));
    expect(code).toBe(0);
    expect(err).toMatch(
      /note: The policy leaves \d+, which is over prune\.budget\.macs of the config \(\d+\)/,
    );
  });

  describe('on a policy that does not fit says which layer, exits with 1 and writes nothing', () => {
    const cases: [string, () => Promise<string>, RegExp, string[]?][] = [
      [
        'of another network',
        () =>
          changed('a.json', ({ prune, quantize }) => ({
            prune: prune!.map((step) => ({ ...step, group: `block_${step.group}` })),
            quantize,
          })),
        /"block_conv1", which the network "tiny" does not have.*\[PLAN_MISMATCH\]/,
      ],
      [
        'of a wider network',
        () =>
          changed('b.json', ({ prune, quantize }) => ({
            prune: prune!.map((step) => ({ ...step, keep: [0, 9] })),
            quantize,
          })),
        /keeps channel 9 of "conv1", which has 8.*\[PLAN_MISMATCH\]/,
      ],
      [
        'that says two things of a group',
        () =>
          changed('twice.json', ({ prune, quantize }) => ({
            prune: [...prune!, { ...prune![0]!, keep: [0] }],
            quantize,
          })),
        /prunes "conv1" twice with the pruner "channel".*\[PLAN_MISMATCH\]/,
      ],
      [
        'of a network with fewer layers',
        () => changed('c.json', ({ prune, quantize }) => ({ prune: prune!.slice(0, 1), quantize })),
        /says nothing of the channels of "conv2".*\[PLAN_MISMATCH\]/,
      ],
      [
        'with bits for a layer that is not there',
        () => changed('d.json', ({ prune, quantize }) => ({ prune, quantize: { ...quantize, conv9: 4 } })),
        /bit width for "conv9".*\[PLAN_MISMATCH\]/,
      ],
      [
        'without bits for a layer',
        () => changed('e.json', ({ prune }) => ({ prune, quantize: { conv1: 4 } })),
        /no bit width for "conv2".*\[PLAN_MISMATCH\]/,
      ],
      [
        'of another pruner',
        () =>
          changed('f.json', ({ prune, quantize }) => ({
            prune: prune!.map((step) => ({ ...step, pruner: 'mine' })),
            quantize,
          })),
        /"conv1" with the pruner "mine".*\[PLAN_MISMATCH\]/,
      ],
      [
        'for a layer that the config leaves out',
        async () => 'found/policy.json',
        /prunes "conv1", which prune\.exclude \(conv1\) leaves out.*\[PLAN_MISMATCH\]/,
        set(['prune.exclude=[conv1]']),
      ],
      [
        'of a stage that the config does not have',
        () => changed('g.json', ({ prune }) => ({ prune })),
        /The config has "quantize", but .*g\.json has no policy for it.*\[CONFIG_INVALID\]/,
      ],
      [
        'with activations that the config does not have',
        () =>
          changed('h.json', (policy) => ({
            ...policy,
            activations: { conv1: { bits: 4, least: 0, most: 1 } },
          })),
        /a policy for "quantize\.activations", which the config does not have.*\[CONFIG_INVALID\]/,
      ],
      [
        'that is not there',
        async () => 'nowhere.json',
        /There is no policy at .*nowhere\.json.*\[POLICY_INVALID\]/,
      ],
      [
        'that is another file',
        async () => 'found/summary.json',
        /is not a policy: Unknown key "baseline".*\[POLICY_INVALID\]/,
      ],
      [
        'with half a bit',
        () => changed('i.json', (policy) => ({ ...policy, quantize: { conv1: 2.5 } })),
        /quantize\.conv1.*\[POLICY_INVALID\]/,
      ],
      [
        'with channels that are no numbers',
        () => changed('j.json', () => ({ prune: [{ pruner: 'channel', group: 'conv1', keep: ['0'] }] })),
        /prune\.0\.keep\.0.*\[POLICY_INVALID\]/,
      ],
      [
        'with a group that is missing',
        () => changed('k.json', () => ({ prune: [{ pruner: 'channel' }] })),
        /prune\.0\.group is missing.*\[POLICY_INVALID\]/,
      ],
      [
        'with nothing in it',
        () => changed('l.json', () => ({})),
        /has nothing to carry out.*\[POLICY_INVALID\]/,
      ],
    ];
    it.each(cases)('%s', async (_what, policy, message, more = []) => {
      const { code, err } = await apply(await policy(), 'bad', ...more);
      expect(err).toMatch(message);
      expect(err).not.toMatch(/\n {4}at /);
      expect(code).toBe(1);
      expect(await readdir(at('bad')).catch(() => [])).toEqual([]);
    });

    it('that is cut off', async () => {
      await writeFile(at('half.json'), String(await read('found/policy.json')).slice(0, 40));
      expect(await apply('half.json', 'bad')).toMatchObject({
        code: 1,
        err: expect.stringMatching(/half\.json is not JSON.*\[POLICY_INVALID\]/),
      });
    });

    it('of a narrower network of the same layers, as far as the files beside it tell', async () => {
      const graph = await readNetwork(project.model);
      const wider = graph.layers.map((layer) =>
        layer.name === 'conv2'
          ? { ...layer, config: { ...layer.config, use_bias: false }, weights: layer.weights.slice(0, 1) }
          : layer,
      );
      await mkdir(at('wider'));
      await writeModel({ ...graph, layers: wider }, at('wider'));
      const { code, err } = await apply('found/policy.json', 'bad', ...set(['model=wider/model.json']));
      expect(err).toMatch(
        /made for another network: "conv2" has 584 parameters there, and has 576 parameters in "tiny".*\[PLAN_MISMATCH\]/,
      );
      expect(code).toBe(1);
    });
  });

  it('does not write over the policy that it reads', async () => {
    const { code, err } = await apply('found/policy.json', 'found');
    expect(code).toBe(1);
    expect(err).toMatch(/the policy/);
    expect(JSON.parse(String(await read('found/summary.json')))).not.toHaveProperty('carriedOut');
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig, reviseConfig } from './config-file.js';
import { compressConfigSchema, configJsonSchema } from './config-schema.js';

const VALID = `model: model.json
dataset: { use: cifar10, dir: data }
prune:
  agent: ddpg
  budget: { macs: 0.5 }
`;

describe('readConfig', () => {
  let folder: string;
  const read = async (text: string, overrides: string[] = []) => {
    const path = join(folder, 'config.yaml');
    await writeFile(path, text);
    return readConfig(path, compressConfigSchema, overrides);
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-config-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('fills in defaults', async () => {
    const config = await read(VALID);
    expect(config.backend).toBe('wasm');
    expect(config.prune?.agent).toEqual({ use: 'ddpg' });
    expect(config.prune?.search).toEqual({ episodes: 100 });
    expect(config.prune?.finetune.augmentation).toEqual({ flip: true, shift: 4 });
  });

  it('keeps the options of plugins, which the plugin itself validates', async () => {
    const config = await read(`${VALID}  pruner: { use: channel, criterion: l2 }\n`);
    expect(config.prune?.pruner).toEqual({ use: 'channel', criterion: 'l2' });
  });

  it('replaces values by --set, also below a short form', async () => {
    const config = await read(VALID, [
      'prune.search.episodes=7',
      'prune.agent.warmup=3',
      'prune.budget.macs=0.25',
      'dataset.dir=elsewhere',
    ]);
    expect(config.prune?.search).toEqual({ episodes: 7 });
    expect(config.prune?.agent).toEqual({ use: 'ddpg', warmup: 3 });
    expect(config.prune?.budget.macs).toBe(0.25);
    expect(config.dataset).toEqual({ use: 'cifar10', dir: 'elsewhere' });
  });

  it('takes the settings of a search from their old place, and says where they have gone', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation();
    const config = await read(VALID, ['prune.agent={ use: ppo, warmStart: [uniform], episodes: 7 }']);
    expect(config.prune?.agent).toEqual({ use: 'ppo' });
    expect(config.prune?.search).toEqual({ warmStart: ['uniform'], episodes: 7 });
    expect(warn.mock.calls.map(([text]) => text)).toEqual([
      expect.stringMatching(/prune\.agent\.episodes has moved: write prune\.search\.episodes instead\./),
      expect.stringMatching(/prune\.agent\.warmStart has moved: write prune\.search\.warmStart instead\./),
    ]);
    warn.mockRestore();
  });

  it('takes the multiple of channel counts by its old name, and says the new one', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation();
    const config = await read(VALID, ['prune.round=8', 'prune.agent.episodes=7']);
    expect(config.prune).toMatchObject({ multiple: 8, search: { episodes: 7 } });
    expect(warn.mock.calls.map(([text]) => text)).toEqual([
      expect.stringMatching(/prune\.agent\.episodes has moved: write prune\.search\.episodes instead\./),
      expect.stringMatching(/prune\.round has moved: write prune\.multiple instead\./),
    ]);
    warn.mockRestore();
    await expect(read(VALID, ['prune.round=8', 'prune.multiple=4'])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('round'),
    });
  });

  it('refuses settings of a search at both places', async () => {
    await expect(read(VALID, ['prune.agent.episodes=7', 'prune.search.episodes=8'])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(
        /prune\.agent: "episodes" belongs to the search; write beside "agent": search: \{ episodes: 7 \}/,
      ),
    });
  });

  it('names the file, the line and the nearest key for an unknown one', async () => {
    await expect(read(VALID.replace('budget:', 'bugdet:'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/config\.yaml:5 .*"bugdet" at prune; did you mean "budget"\?/s),
    });
  });

  it('names the path and the line of a wrong value', async () => {
    await expect(read(VALID.replace('0.5', 'half'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/:5 prune\.budget\.macs: .*number/),
    });
  });

  it.each(['1.5', '50', '100'])(
    'refuses a budget of %s, which is neither a share nor a count',
    async (value) => {
      await expect(read(VALID.replace('0.5', value))).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/:5 prune\.budget\.macs: .*a share is at most 1 \(0\.5 for 50%/),
      });
    },
  );

  it('says what is missing, and what it is', async () => {
    const config = 'model: m.json\ndataset: cifar10\nprune:\n  budget: { macs: 0.5 }\n';
    await expect(read(config)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/prune\.agent is missing: The agent: its name, or/),
    });
    await expect(read(`${config}  agent: { episodes: 3 }\n`)).rejects.toMatchObject({
      message: expect.stringMatching(/prune\.agent\.use is missing: Id, package or path/),
    });
    // A choice within a choice: a pruner, or several.
    await expect(read(VALID, ['prune.pruner.images=50'])).rejects.toMatchObject({
      message: expect.stringMatching(/prune\.pruner\.use is missing: Id, package or path/),
    });
    await expect(read(VALID, ['prune.pruner=3'])).rejects.toMatchObject({
      message: expect.stringMatching(/prune\.pruner: expected string or object or array\./),
    });
    await expect(read(`${config}  agent: [ddpg]\n`)).rejects.toMatchObject({
      message: expect.stringMatching(/:5 prune\.agent: expected string or object\./),
    });
  });

  it('has racing off when it is left out, and its defaults where only asked for', async () => {
    expect((await read(VALID)).prune).not.toHaveProperty('racing');
    expect((await read(VALID, ['prune.racing={}'])).prune?.racing).toEqual({ images: 100, confidence: 0.99 });
    await expect(read(VALID, ['prune.racing={ confidence: 1 }'])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('prune.racing.confidence'),
    });
  });

  it('lets candidates race by halving, one after the other only', async () => {
    expect((await read(VALID, ['prune.racing={ by: halving }'])).prune?.racing).toEqual({
      by: 'halving',
      images: 100,
      keep: 0.5,
    });
    for (const [setting, message] of [
      ['prune.racing={ by: halving, confidence: 0.9 }', 'confidence'],
      ['prune.racing={ by: hyperband }', 'prune.racing.by'],
    ] as const)
      await expect(read(VALID, [setting])).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(message),
      });
    await expect(
      read(VALID, ['prune.racing={ by: halving }', 'prune.search.parallel=2']),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('does not go with "search.parallel"'),
    });
  });

  it('reads a config that was recorded with its defaults as the same again, or with changes', async () => {
    const quantize = 'quantize: { agent: ppo, budget: { bytes: 0.1 }, activations: { bits: 8 } }\n';
    const config = await read(`${VALID}${quantize}`, [
      'prune.pruner=[channel, { use: variational, epochs: 2 }]',
      'prune.stages=[{ macs: 0.8 }]',
    ]);
    const recorded = JSON.parse(JSON.stringify(config)) as unknown;
    const revise = (...set: string[]) => reviseConfig(recorded, 'summary.json', compressConfigSchema, set);
    expect(revise()).toEqual(config);
    expect(revise('prune.agent.warmup=3').prune!.agent).toEqual({ use: 'ddpg', warmup: 3 });
    expect(() => revise('prune.agend=ddpg')).toThrow(/^summary\.json .*agend.*agent/);
  });

  describe('quantize.activations', () => {
    const quantize = (more: string) =>
      read(`model: m.json\ndataset: cifar10\nquantize:\n  agent: ddpg\n${more}`);

    it('is off when it is left out', async () => {
      expect((await quantize('  budget: { bytes: 0.1 }\n')).quantize).not.toHaveProperty('activations');
    });

    it('reads a single number of bits as a range of one', async () => {
      const { quantize: read } = await quantize('  budget: { bytes: 0.1 }\n  activations: { bits: 8 }\n');
      expect(read?.activations).toEqual({ bits: [8, 8], calibrate: 'mse', percentile: 99.9, images: 256 });
    });

    it('rounds sums where it is told to', async () => {
      const { quantize: read } = await quantize(
        '  budget: { bytes: 0.1 }\n  activations: { bits: 8, sums: true }\n',
      );
      expect(read?.activations?.sums).toBe(true);
    });

    it('wants a limit of bit operations beside a range of bits', async () => {
      await expect(
        quantize('  budget: { bytes: 0.1 }\n  activations: { bits: [4, 8] }\n'),
      ).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/:6 quantize\.activations\.bits: .*needs quantize\.budget\.bops/),
      });
      expect(
        (await quantize('  budget: { bytes: 0.1, bops: 0.04 }\n  activations: { bits: [4, 8] }\n')).quantize
          ?.activations?.bits,
      ).toEqual([4, 8]);
    });

    it.each(['1', '9', '[8, 4]', '2.5'])('refuses %s bits', async (bits) => {
      await expect(
        quantize(`  budget: { bytes: 0.1, bops: 0.1 }\n  activations: { bits: ${bits} }\n`),
      ).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('quantize.activations.bits'),
      });
    });
  });

  it('reports a YAML error with its place', async () => {
    await expect(read('model: [')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('line 1'),
    });
  });

  it('says where a second document begins', async () => {
    await expect(read(`${VALID}---\n${VALID}`)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(
        /config\.yaml: a second document begins at line 6, and only one is read/,
      ),
    });
  });

  it.each(['', '# nothing yet\n', 'null\n'])('says that %j is an empty config', async (text) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/config\.yaml is empty: it has no settings\./),
    });
  });

  it('takes all settings from --set where the file has none', async () => {
    const settings = ['model=m.json', 'dataset=cifar10', 'output=there'];
    expect((await read('', settings)).output).toBe('there');
  });

  it.each<[string, RegExp]>([
    ['output', /output is empty: Folder that the results are written to/],
    ['model', /model is empty: Path of a model/],
    ['dataset', /dataset is empty: A plugin/],
  ])('refuses an empty %s', async (key, message) => {
    await expect(read(VALID, [`${key}=""`])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
  });

  const NINES = '*x,'.repeat(9);
  it.each<[string, string, RegExp]>([
    [
      'aliases that multiply',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${NINES.replaceAll('x', 'a')}]\nc: &c [${NINES.replaceAll('x', 'b')}]\nd: [${NINES.replaceAll('x', 'c')}]\n`,
      /aliases cannot be resolved/,
    ],
    ['an alias that is not defined', `${VALID}  pruner: *none\n`, /aliases cannot be resolved/],
    [
      'an alias within what it stands for',
      `${VALID}  pruner: &a { use: channel, more: *a }\n`,
      /prune\.pruner\.more holds itself/,
    ],
    ['20,000 open brackets', '['.repeat(20_000), /deeper than 64 levels/],
    ['20,000 dashes', '- '.repeat(20_000), /deeper than 64 levels/],
    [
      'blocks of 2,000 levels',
      Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i)}a:\n`)
        .slice(0, 600)
        .join(''),
      /deeper than 64 levels/,
    ],
    ['more than a megabyte', `# ${'x'.repeat(2 ** 20)}`, /more than 1048576 bytes/],
    [
      '__proto__ among the options of a plugin',
      `${VALID}  pruner: { use: channel, __proto__: { criterion: l2 } }\n`,
      /"__proto__" at prune\.pruner cannot be set/,
    ],
    ['__proto__ at the top', `"__proto__": { seed: 3 }\n${VALID}`, /"__proto__" cannot be set/],
  ])('refuses %s', async (_name, text, message) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
  });

  it.each<[string, RegExp]>([
    ['prune.agent.__proto__.episodes=1', /"__proto__" at prune\.agent cannot be set/],
    ['prune.pruner={ use: channel, __proto__: { a: 1 } }', /"__proto__" cannot be set/],
    [`prune.pruner=${'['.repeat(20_000)}`, /deeper than 64 levels/],
    ['prune.budget.macs.more=1', /single value, which has nothing below it/],
  ])('refuses --set %s', async (override, message) => {
    await expect(read(VALID, [override])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
  });

  it('reads aliases, and a text with a byte order mark', async () => {
    const config = await read(
      `\ufeff${VALID.replace('{ use: cifar10, dir: data }', '{ use: &name cifar10, dir: *name }')}`,
    );
    expect(config.dataset).toEqual({ use: 'cifar10', dir: 'cifar10' });
  });

  it('does not read a device for ever', async () => {
    await expect(readConfig('/dev/zero', compressConfigSchema)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('more than 1048576 bytes'),
    });
  });

  it('says when there is no file', async () => {
    await expect(readConfig(join(folder, 'none.yaml'), compressConfigSchema)).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
    });
  });

  it('says that a folder is none', async () => {
    await expect(readConfig(folder, compressConfigSchema)).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      message: `${folder} is a folder, not a config.`,
    });
  });

  it('lists the known keys once, however many are unknown', async () => {
    const error: unknown = await read(`${VALID}modle: a\ndatset: b\n`).catch((cause: unknown) => cause);
    expect((error as Error).message).toMatch(/"modle".*did you mean "model"\?.*"datset".*"dataset"/);
    expect((error as Error).message.match(/Known keys/g)).toHaveLength(1);
  });

  it('explains an override without a value', async () => {
    await expect(read(VALID, ['seed'])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('path=value'),
    });
  });

  it('publishes a JSON schema that editors can complete from', () => {
    expect(configJsonSchema(compressConfigSchema)).toMatchObject({
      type: 'object',
      properties: { prune: { properties: { budget: expect.anything() } } },
    });
  });
});

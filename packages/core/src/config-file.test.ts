import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from './config-file.js';
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
    expect(config.prune?.agent).toEqual({ use: 'ddpg', episodes: 100, warmStart: [] });
    expect(config.prune?.finetune.augmentation).toEqual({ flip: true, shift: 4 });
  });

  it('keeps the options of plugins, which the plugin itself validates', async () => {
    const config = await read(`${VALID}  pruner: { use: channel, criterion: l2 }\n`);
    expect(config.prune?.pruner).toEqual({ use: 'channel', criterion: 'l2' });
  });

  it('replaces values by --set, also below a short form', async () => {
    const config = await read(VALID, ['prune.agent.episodes=7', 'prune.budget.macs=0.25', 'dataset.dir=elsewhere']);
    expect(config.prune?.agent).toEqual({ use: 'ddpg', episodes: 7, warmStart: [] });
    expect(config.prune?.budget.macs).toBe(0.25);
    expect(config.dataset).toEqual({ use: 'cifar10', dir: 'elsewhere' });
  });

  it('names the file, the line and the nearest key for an unknown one', async () => {
    await expect(read(VALID.replace('budget:', 'bugdet:'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/config\.yaml:5 .*"bugdet" at prune; did you mean "budget"\?/s),
    });
  });

  it('names the path and the line of a wrong value', async () => {
    await expect(read(VALID.replace('0.5', 'half'))).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(/:5 prune\.budget\.macs: .*number/) });
  });

  it('says what is missing, and what it is', async () => {
    const config = 'model: m.json\ndataset: cifar10\nprune:\n  budget: { macs: 0.5 }\n';
    await expect(read(config)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(/prune\.agent is missing: The agent: its name, or/) });
    await expect(read(`${config}  agent: { episodes: 3 }\n`)).rejects.toMatchObject({ message: expect.stringMatching(/prune\.agent\.use is missing: Id, package or path/) });
    await expect(read(`${config}  agent: [ddpg]\n`)).rejects.toMatchObject({ message: expect.stringMatching(/:5 prune\.agent: expected string or object\./) });
  });

  it('reports a YAML error with its place', async () => {
    await expect(read('model: [')).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('line 1') });
  });

  it('says when there is no file', async () => {
    await expect(readConfig(join(folder, 'none.yaml'), compressConfigSchema)).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
  });

  it('explains an override without a value', async () => {
    await expect(read(VALID, ['seed'])).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('path=value') });
  });

  it('publishes a JSON schema that editors can complete from', () => {
    expect(configJsonSchema(compressConfigSchema)).toMatchObject({ type: 'object', properties: { prune: { properties: { budget: expect.anything() } } } });
  });
});

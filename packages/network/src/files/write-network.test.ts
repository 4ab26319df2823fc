import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definePlugin, type Format, type LayerGraph, type Plugin } from '@tersor/core';
import { z } from 'zod';
import { jsonFormat } from '../../test/json-format.js';
import * as topologies from '../../test/topologies.js';
import { weightSlots } from '../graph/graph-weights.js';
import { withHostMemory } from '../graph/host-memory.js';
import { readNetwork } from './read-network.js';
import { writeNetwork, writingFormat } from './write-network.js';

let folder: string;
let graph: LayerGraph;
beforeAll(async () => void (graph = await withHostMemory(topologies.vgg)));
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'tersor-write-'))));
afterEach(() => rm(folder, { recursive: true }));

const pluginOf = (format: Partial<Format>): Plugin =>
  definePlugin({
    name: 'tersor-format-fake',
    kind: 'format',
    id: 'fake',
    core: '*',
    description: 'a fake',
    options: z.strictObject({}),
    create: () => ({ ...jsonFormat(), ...format }),
  }) as Plugin;
const open = (format: Partial<Format> = {}) => writingFormat('fake', {}, { plugins: [pluginOf(format)] });
const out = () => join(folder, 'out');

describe('writeNetwork', () => {
  it('writes any format that writes, and other files of the folder stay', async () => {
    await mkdir(out());
    await writeFile(join(out(), 'notes.txt'), 'mine');
    const written = await writeNetwork(graph, out(), await open());
    expect(written.path).toBe(join(out(), 'network.fake'));
    expect(weightSlots(await written.read())).toEqual(weightSlots(graph));
    expect(written.plugin).toMatchObject({ id: 'fake', source: 'tersor-format-fake' });
    expect((await readdir(out())).sort()).toEqual(['network.fake', 'notes.txt']);
    expect(await readdir(folder)).toEqual(['out']);
  });

  it('replaces nothing, unless the format says that Tersor wrote it', async () => {
    await writeNetwork(graph, out(), await open());
    await expect(writeNetwork(graph, out(), await open())).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('network.fake would be replaced'),
    });
    const asked: string[] = [];
    const replacing = await open({ mayReplace: async (path) => asked.push(path) > 0 });
    await writeNetwork(graph, out(), replacing);
    expect(asked).toEqual([join(out(), 'network.fake')]);
    expect(await readdir(folder)).toEqual(['out']);
  });

  it('tells what would be replaced, and leaves all as it was where that throws', async () => {
    const layersModel = await writingFormat('layers-model', {});
    await writeNetwork(graph, out(), layersModel);
    const before = await readFile(join(out(), 'model.json'));
    const beforeReplacing = async (paths: readonly string[]) => {
      expect([...paths].sort()).toEqual([join(out(), 'model.json'), join(out(), 'weights.bin')]);
      throw new Error('precious');
    };
    const other = { ...graph, name: 'other' };
    await expect(writeNetwork(other, out(), layersModel, { beforeReplacing })).rejects.toThrow('precious');
    expect(await readFile(join(out(), 'model.json'))).toEqual(before);
    await writeNetwork(other, out(), layersModel);
    expect((await readNetwork(out())).name).toBe('other');
  });

  it('puts nothing in place that does not read back as the same network', async () => {
    const wrong = await open({
      write: (network, staging) =>
        jsonFormat().write(
          {
            ...network,
            layers: network.layers.map((layer) => ({
              ...layer,
              weights: layer.weights.map((weight) => ({ ...weight, data: weight.data.map((x) => x + 1) })),
            })),
          },
          staging,
        ),
    });
    await expect(writeNetwork(graph, out(), wrong)).rejects.toMatchObject({ code: 'READ_BACK_FAILED' });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each(['', '..', '../out', '/etc/hostname', 'nothing.fake'])(
    'blames the format for the entry "%s"',
    async (entry) => {
      const lost = await open({ write: async () => entry });
      await expect(writeNetwork(graph, out(), lost)).rejects.toMatchObject({ code: 'PLUGIN_MISBEHAVED' });
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it('takes a folder as the model where it is new or empty', async () => {
    const { write, read, ...rest } = jsonFormat();
    const whole = await open({
      ...rest,
      write: async (network, staging) => (await write(network, staging), '.'),
      read: (path) => read(join(path, 'network.fake')),
    });
    await mkdir(out());
    expect((await writeNetwork(graph, out(), whole)).path).toBe(out());
    await expect(writeNetwork(graph, out(), whole)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('writingFormat', () => {
  const writers = expect.stringContaining('Formats that write: layers-model (a LayersModel');
  it.each([
    ['tersor', 'CONFIG_INVALID', 'The format "tersor" can read models but not write them.'],
    ['nothing', 'PLUGIN_NOT_FOUND', 'There is no format "nothing".'],
  ])('refuses %s, and names the formats that write', async (use, code, message) => {
    await expect(writingFormat(use, {}, { plugins: [pluginOf({})] })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: writers,
    });
  });

  it('refuses options that the format does not have', async () => {
    await expect(writingFormat('layers-model', { kernels: 'int4' })).rejects.toMatchObject({
      code: 'PLUGIN_OPTIONS_INVALID',
      message: expect.stringContaining('uint8'),
    });
  });
});

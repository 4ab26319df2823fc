import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { Backend, LayerGraph } from '@tersor/core';
import fc from 'fast-check';
import { KINDS, randomNetwork, type Instruction } from '../../test/random-network.js';
import { resnet20, vgg } from '../../test/topologies.js';
import { channelGroups } from '../groups/channel-groups.js';
import { compileFused } from '../inference/fused-session.js';
import { callChannels } from './call-channels.js';
import { readLatencyTable, writeLatencyTable } from './latency-table-file.js';
import { latencySites } from './latency-sites.js';
import { predictLatency } from './predict-latency.js';
import { measuredCounts, profileLatency } from './profile-latency.js';
import { backendMeter, siteLatency } from './measure-latency.js';
import { COPIES, siteGraph, knownSize, summedCopies } from './site-graph.js';

/** The sessions of tfjs's own backend in plain JavaScript; counts what is compiled. */
function cpuBackend(): Backend & { readonly compiled: LayerGraph[] } {
  const compiled: LayerGraph[] = [];
  return {
    id: 'cpu',
    compiled,
    capabilities: { training: false, precisions: ['float32'], workers: 1 },
    isAvailable: async () => ({ available: true, details: {} }),
    activate: async () => void (await tf.setBackend('cpu')),
    compile: async (graph) => (compiled.push(graph), compileFused(graph)),
    observe: () => Promise.reject(new Error('not here')),
    compileTraining: () => Promise.reject(new Error('not here')),
    memory: () => ({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes }),
    dispose: async () => undefined,
  };
}

beforeAll(() => tf.setBackend('cpu'));

describe('profileLatency', () => {
  const settings = { counts: 2, images: 1, repeats: 1, checks: 2, seed: 1 };

  it('times every place at one channel and at shares of its channels, and predicts whole networks', async () => {
    const [graph, backend, before] = [await vgg(), cpuBackend(), tf.memory().numTensors];
    const table = await profileLatency({ ...settings, graph, meter: await backendMeter(backend) });
    expect(tf.memory().numTensors).toBe(before);
    expect(table).toMatchObject({ backend: 'cpu', images: 1, model: { name: graph.name } });
    expect(table.layers.map(({ layer }) => layer)).toEqual(latencySites(graph).map(({ name }) => name));
    const of = (name: string) => table.layers.find(({ layer }) => layer === name)!;
    expect(of('conv1_1')).toMatchObject({ inputs: [3], outputs: [1, 2, 4] });
    expect(of('conv2_1')).toMatchObject({ inputs: [1, 2, 4], outputs: [1, 3, 6] });
    expect(of('fc2')).toMatchObject({ inputs: [1, 4, 7], outputs: [3] });
    expect(
      of('conv2_1')
        .milliseconds.flat()
        .every((value) => value >= 0),
    ).toBe(true);
    expect(table.check.map(({ network }) => network)).toEqual(['original', 'random 1', 'random 2']);
    for (const { predicted, measured, relativeError } of table.check)
      expect(((1 + relativeError) * measured) / predicted).toBeCloseTo(1, 1);
    expect(table.check[0]!.predicted / predictLatency(table, graph)).toBeCloseTo(1, 3);
  });

  it('measures places of the same kind once', async () => {
    const [graph, backend] = [await resnet20(2, 4), cpuBackend()];
    const meter = await backendMeter(backend);
    const { layers } = await profileLatency({ ...settings, counts: 1, checks: 0, graph, meter });
    const kinds = new Set(
      backend.compiled.map((each) =>
        JSON.stringify(each.layers.map(({ weights }) => weights.map(({ shape }) => shape))),
      ),
    );
    const timed = layers.reduce((sum, { milliseconds }) => sum + milliseconds.flat().length, 0);
    expect(timed).toBeGreaterThan(2 * kinds.size);
    // Each that is measured takes two networks.
    expect(backend.compiled.length).toBeLessThan(1.5 * timed);
    const [first, second] = ['stage1_block1_a', 'stage1_block2_a'].map(
      (name) => layers.find(({ layer }) => layer === name)!,
    );
    expect(second!.milliseconds).toEqual(first!.milliseconds);
  });
});

const instruction: fc.Arbitrary<Instruction> = fc.record({
  kind: fc.constantFrom(...KINDS),
  at: fc.nat(5),
  other: fc.nat(9),
  size: fc.integer({ min: 2, max: 5 }),
  variant: fc.nat(29),
});

test('every place of networks of every kind of layer runs alone, at all of its channel counts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(instruction, { minLength: 1, maxLength: 6 }), async (instructions) => {
      const graph = await randomNetwork(instructions, 1);
      const channels = callChannels(graph, channelGroups(graph).groups);
      for (const site of latencySites(graph)) {
        const call = graph.calls[site.calls[0]!]!;
        for (const inputs of site.mixes ? measuredCounts(channels[call.inputs[0]!]!, 2) : [0]) {
          for (const asked of measuredCounts(channels[site.calls[0]!]!, 2)) {
            const { graph: alone, outputs } = siteGraph(graph, site, { inputs, outputs: asked });
            if (site.mixes) expect([alone.calls[0]!.outputShape.at(-1), outputs]).toEqual([inputs, asked]);
            const session = await compileFused(alone);
            const result = await session.run(
              new Float32Array(knownSize(alone.calls[0]!.outputShape)).fill(0.5),
            );
            session.dispose();
            // Layers of several inputs are timed with inputs of one shape, so a join along another axis gives
            // more.
            if (call.inputs.length === 1)
              expect(result.length).toBe(knownSize(alone.calls.at(-1)!.outputShape));
            expect(result.every(Number.isFinite)).toBe(true);
            const [once, thrice] = [
              await valuesOf(summedCopies(alone, 1)),
              await valuesOf(summedCopies(alone, COPIES)),
            ];
            thrice.forEach((value, i) =>
              expect(Math.abs(value - once[i]!)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(value))),
            );
            const total = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0);
            const positions = result.length / thrice.length;
            expect(Math.abs(total(thrice) * positions - COPIES * total(result))).toBeLessThanOrEqual(
              1e-3 * (1 + total(result.map(Math.abs))),
            );
          }
        }
      }
    }),
    { seed: 3, numRuns: 30 },
  );
});

async function valuesOf(graph: LayerGraph): Promise<Float32Array> {
  const session = await compileFused(graph);
  const values = await session.run(new Float32Array(knownSize(graph.calls[0]!.outputShape)).fill(0.5));
  session.dispose();
  return values;
}

test('the time of a layer is without the time in and out, and a drift of the clock falls out', async () => {
  const graph = await vgg();
  const [first] = latencySites(graph);
  const { graph: alone } = siteGraph(graph, first!, { inputs: 3, outputs: 4 });
  let clock = 0;
  const now = jest.spyOn(performance, 'now').mockImplementation(() => clock);
  // 8 ms in and out, more with every run, and 5 ms each time that the layer is computed.
  let drift = 0;
  const backend: Backend = {
    ...cpuBackend(),
    compile: async ({ calls }) => {
      const computed = calls.filter(({ layer }) => layer === first!.name).length;
      return {
        run: async (images) => ((clock += 8 + 0.01 * drift++ + 5 * computed), images),
        dispose: () => undefined,
      };
    },
  };
  try {
    expect(await siteLatency(await backendMeter(backend), alone, { images: 2, repeats: 5 })).toBeCloseTo(
      2.5,
      1,
    );
  } finally {
    now.mockRestore();
  }
});

describe('readLatencyTable', () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'tersor-latency-'))));
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('gives what was written, and refuses another backend, another model, and what is no table', async () => {
    const graph = await vgg();
    const table = await profileLatency({
      graph,
      meter: await backendMeter(cpuBackend()),
      counts: 1,
      images: 1,
      repeats: 1,
      checks: 1,
      seed: 1,
    });
    const file = join(folder, 'latency.json');
    await writeLatencyTable(file, table);
    expect(await readLatencyTable(file, { graph, backend: 'cpu' })).toEqual(table);
    const refusal = (message: string) =>
      expect.objectContaining({
        code: 'LATENCY_TABLE_INVALID',
        message: expect.stringContaining(message),
        hint: expect.stringContaining('tersor profile'),
      });
    await expect(readLatencyTable(file, { graph, backend: 'wasm' })).rejects.toEqual(
      refusal('measured on the backend "cpu", but this runs on "wasm"'),
    );
    await expect(readLatencyTable(file, { graph: await resnet20(), backend: 'cpu' })).rejects.toEqual(
      refusal('measured on another model'),
    );
    await expect(readLatencyTable(join(folder, 'none.json'), { graph, backend: 'cpu' })).rejects.toEqual(
      refusal('does not exist'),
    );
    await writeFile(file, '{"version": 1}');
    await expect(readLatencyTable(file, { graph, backend: 'cpu' })).rejects.toEqual(
      refusal('is no latency table: model'),
    );
    await writeFile(
      file,
      JSON.stringify({ ...table, layers: [{ ...table.layers[0]!, outputs: [1, 2, 3, 4, 5] }] }),
    );
    await expect(readLatencyTable(file, { graph, backend: 'cpu' })).rejects.toEqual(
      refusal('layers.0: does not have a time for every pair of channel counts'),
    );
  });
});

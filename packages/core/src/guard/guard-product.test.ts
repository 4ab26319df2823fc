import { expectMisbehaved, guard } from '../../test/guarding.js';
import type { Backend } from '../contracts/backend.js';
import type { Dataset } from '../contracts/dataset.js';
import type { LayerGraph } from '../contracts/layer-graph.js';
import type { AllocationQuestion, ChannelGroup, Pruner } from '../contracts/pruner.js';
import type { Quantizer } from '../contracts/quantizer.js';
import type { Trial } from '../contracts/runner.js';

const group: ChannelGroup = { name: 'conv1', channels: 4, members: [] };
const goodPruner: Pruner = {
  id: 'bad',
  action: 'channels',
  prepare: async () => undefined,
  plan: ({ name }) => ({ pruner: 'bad', group: name, keep: [0, 1] }),
  apply: (graph) => graph,
};
const graph = {
  name: 'net',
  layers: [
    {
      name: 'conv1',
      className: 'Conv2D',
      config: {},
      weights: [{ name: 'kernel', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4), trainable: true }],
    },
  ],
  calls: [
    { layer: 'image', inputs: [], outputShape: [1, 2, 1] },
    { layer: 'conv1', inputs: [0], outputShape: [3] },
  ],
  inputs: [0],
  outputs: [1],
} satisfies LayerGraph;

describe('a pruner', () => {
  const plan = (step: unknown) => () =>
    guard('pruner', { ...goodPruner, plan: () => step }).plan(group, { channels: 2 });
  it('that keeps its promises is left alone', () => {
    expect(plan({ pruner: 'bad', group: 'conv1', keep: [0, 3], more: 1 })()).toEqual({
      pruner: 'bad',
      group: 'conv1',
      keep: [0, 3],
      more: 1,
    });
    expect(guard('pruner', goodPruner).apply(graph, [])).toBe(graph);
  });

  it.each<[string, unknown, string]>([
    ['a promise', Promise.resolve({}), 'plan'],
    ['channels that are not there', { pruner: 'bad', group: 'conv1', keep: [0, 4] }, '[0, 4]'],
    ['channels in disorder', { pruner: 'bad', group: 'conv1', keep: [2, 1] }, '[2, 1]'],
    ['another group', { pruner: 'bad', group: 'other' }, '"other"'],
    ["another pruner's id", { pruner: 'x', group: 'conv1' }, '"x"'],
  ])('whose plan gives %s is named', (_, step, found) => expectMisbehaved(plan(step), 'plan', found));

  it.each<[string, unknown, string]>([
    ['a promise', Promise.resolve(graph), 'a promise'],
    [
      'weights of NaN',
      {
        ...graph,
        layers: [
          {
            ...graph.layers[0],
            weights: [{ ...graph.layers[0]!.weights[0], data: Float32Array.of(1, 2, 3, NaN) }],
          },
        ],
      },
      'conv1/kernel',
    ],
    [
      'weights that do not fit their shape',
      {
        ...graph,
        layers: [{ ...graph.layers[0], weights: [{ ...graph.layers[0]!.weights[0], shape: [9] }] }],
      },
      'conv1/kernel',
    ],
  ])('whose apply gives %s is named', async (_, result, found) => {
    const other = structuredClone(graph);
    await expectMisbehaved(
      () => guard('pruner', { ...goodPruner, apply: () => result }).apply(other, []),
      'apply',
      found,
    );
  });
});

/** Two groups of 4 channels, which may keep 4 together. */
const allocation: AllocationQuestion = {
  groups: [group, { ...group, name: 'conv2' }],
  smallest: [2, 2],
  multiple: 2,
  nearest: (_group, channels) => channels,
  limits: [{ name: 'macs', limit: 4, of: ([a, b]) => a! + b! }],
  used: ([a, b]) => (a! + b!) / 4,
  fits: ([a, b]) => a! + b! <= 4,
};

describe("a pruner's errors of removal", () => {
  const errors = (value: unknown) => () =>
    guard('pruner', { ...goodPruner, removalErrors: async () => value }).removalErrors!([group]);
  it('that begin with 0 and never fall are left alone', async () => {
    const curves = [Float64Array.of(0, 1, 1, 3, 4)];
    expect(await errors(curves)()).toBe(curves);
    expect(guard('pruner', goodPruner).removalErrors).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['none for the group', []],
    ['too few', [Float64Array.of(0, 1, 2, 3)]],
    ['a fall', [Float64Array.of(0, 1, 2, 1, 4)]],
    ['another beginning', [Float64Array.of(1, 1, 2, 3, 4)]],
    ['infinity', [Float64Array.of(0, 1, 2, 3, Infinity)]],
    ['a plain list', [[0, 1, 2, 3, 4]]],
  ])('that are %s are named', (_, value) => expectMisbehaved(errors(value), 'removalErrors'));
});

describe('heuristics of a pruner', () => {
  const answer = (value: unknown) => () =>
    guard('pruner', { ...goodPruner, heuristics: { mine: () => value } }).heuristics!['mine']!(allocation);
  it('that keep their promises are left alone, and are found by name', async () => {
    expect(await answer([2, 2])()).toEqual([2, 2]);
    expect(await answer(Promise.resolve([2, 2]))()).toEqual([2, 2]);
    const { heuristics } = guard('pruner', { ...goodPruner, heuristics: { a: () => [], b: () => [] } });
    expect(Object.keys(heuristics!)).toEqual(['a', 'b']);
    expect(guard('pruner', goodPruner).heuristics).toBeUndefined();
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'undefined'],
    ['too few counts', [2], '[2]'],
    ['fewer than the smallest', [0, 2], '[0, 2]'],
    ['no multiple', [3, 2], 'multiples of 2'],
    ['NaN', [NaN, 2], 'NaN'],
    ['more than the budget allows', [4, 4], 'keeps the limits macs'],
  ])('that answer with %s are named', (_, value, found) =>
    expectMisbehaved(answer(value), 'heuristics.mine', found),
  );

  it('that are no functions are named', () =>
    expectMisbehaved(() => guard('pruner', { ...goodPruner, heuristics: ['fisher'] }), 'heuristics'));
});

describe('a quantizer', () => {
  const input = { name: 'conv1/kernel', shape: [4], data: new Float32Array(4), channelAxis: 0 };
  const good = {
    codec: 'linear',
    shape: [4],
    bits: 2,
    axis: -1,
    codes: Uint8Array.of(0, 1, 2, 3),
    scale: Float32Array.of(1),
    zero: Float32Array.of(0),
  };
  const encode = (change: Record<string, unknown>) => () =>
    guard('quantizer', {
      id: 'bad',
      bits: [2, 8],
      encode: () => ({ ...good, ...change }),
    } as unknown as Quantizer).encode(input, 2);

  it('that keeps its promises is left alone', () => expect(encode({})()).toEqual(good));
  it.each<[string, Record<string, unknown>, string]>([
    ['codes above its bits', { codes: Uint8Array.of(0, 1, 2, 4) }, 'codes gave 4'],
    ['too few codes', { codes: Uint8Array.of(0) }, 'Uint8Array of 1 values'],
    ['other bits', { bits: 4 }, 'bits'],
    ['another shape', { shape: [2, 2] }, 'shape'],
    ['a scale of NaN', { scale: Float32Array.of(NaN) }, 'scale'],
    ['a codec of its own', { codec: 'mine' }, 'codec'],
  ])('that gives %s is named', (_, change, found) =>
    expectMisbehaved(encode(change), 'encode', found.split(' ')[0]!),
  );
  const calibration = { images: 10, points: 5, maximumInputs: 100 };
  const calibrated = (change: Record<string, unknown>) =>
    guard('quantizer', { id: 'bad', bits: [2, 8], encode: () => good, calibration, ...change } as Quantizer);
  it('whose codes of moments are above its bits is named', () =>
    expectMisbehaved(
      () =>
        calibrated({ encodeCalibrated: () => ({ ...good, codes: Uint8Array.of(0, 1, 2, 9) }) })
          .encodeCalibrated!(input, 2, {
          matrices: 1,
          inputs: 4,
          outputs: 1,
          matrixStride: 0,
          inputStride: 1,
          products: [new Float64Array(16)],
        }),
      'codes of encodeCalibrated',
      'codes below 4',
    ));
  it('that asks for moments but cannot use them is refused when it is made', () =>
    expectMisbehaved(() => calibrated({}), 'encodeCalibrated', 'a function'));
  it.each([
    ['half an image', { images: 0.5 }, 'calibration.images', '0.5'],
    ['probes of no image', { probeImages: 0 }, 'calibration.probeImages', '0'],
    ['weights that there are not', { weights: 'best' }, 'calibration.weights', 'best'],
  ])('that asks for %s is refused when it is made', (_, change, field, found) =>
    expectMisbehaved(
      () => calibrated({ calibration: { ...calibration, ...change }, encodeCalibrated: () => good }),
      field,
      found,
    ),
  );
  it('of bits from 2 to 9 is refused when it is made', () =>
    expectMisbehaved(
      () => guard('quantizer', { id: 'bad', bits: [2, 9], encode: () => good }),
      'bits',
      '[2, 9]',
    ));
});

describe('a backend', () => {
  const compile = (output: unknown) =>
    guard('backend', {
      compile: async () => ({ run: async () => output, dispose: () => undefined }),
    } as unknown as Backend).compile(graph);
  it('whose outputs have the right length is left alone', async () => {
    expect(await (await compile(new Float32Array(6))).run(new Float32Array(4))).toHaveLength(6);
  });
  it.each<[string, unknown, string]>([
    ['too few outputs', new Float32Array(5), 'Float32Array of 5 values'],
    ['a plain list', [1, 2, 3, 4, 5, 6], '[1, 2, 3'],
  ])('that gives %s is named', (_, output, found) =>
    expectMisbehaved(
      async () => (await compile(output)).run(new Float32Array(4)),
      'run of its session',
      found,
      '6 values',
    ),
  );
  const observe = (results: unknown) =>
    guard('backend', {
      observe: async () => ({ run: async () => results, dispose: () => undefined }),
    } as unknown as Backend).observe(graph, [1, 0]);
  it('whose observed results fit the calls is left alone', async () => {
    const results = [new Float32Array(6), new Float32Array(4)];
    expect(await (await observe(results)).run(new Float32Array(4))).toBe(results);
  });
  it.each<[string, unknown, string]>([
    ['too few results', [new Float32Array(6)], '2 arrays'],
    ['results of other calls', [new Float32Array(4), new Float32Array(4)], '6 values'],
  ])('that observes %s is named', (_, results, expected) =>
    expectMisbehaved(
      async () => (await observe(results)).run(new Float32Array(4)),
      'run of its observation session',
      expected,
    ),
  );
  it('whose gradients do not fit the weights is named', () => {
    const step = async () => ({ loss: 1, accuracy: 1, updates: [new Float32Array(3)] });
    const backend = guard('backend', {
      compileTraining: async () => ({ step, dispose: () => undefined }),
    } as unknown as Backend);
    return expectMisbehaved(
      async () => (await backend.compileTraining(graph, {} as never)).step([], {} as never),
      'conv1/kernel',
      '4 values',
    );
  });
});

describe('a data set', () => {
  const dataset = (change: Record<string, unknown>): Dataset =>
    guard('dataset', {
      id: 'bad',
      imageShape: [1, 2, 1],
      classNames: ['a', 'b'],
      padValue: [0],
      size: () => 4,
      read: async (_: string, indexes: number[]) => ({
        images: new Float32Array(2 * indexes.length),
        labels: new Int32Array(indexes.length),
        ...change,
      }),
      ...(change['size'] !== undefined && { size: () => change['size'] }),
      ...('fingerprint' in change && { fingerprint: async () => change['fingerprint'] }),
    });
  const read = (change: Record<string, unknown>) => () => dataset(change).read('train', [0, 1]);

  it('that keeps its promises is left alone', async () => expect((await read({})()).images).toHaveLength(4));
  it('may give its labels as bytes', async () =>
    expect((await read({ labels: Uint8Array.of(0, 1) })()).labels).toEqual(Int32Array.of(0, 1)));
  it.each<[string, Record<string, unknown>, string]>([
    ['too few pixels', { images: new Float32Array(3) }, 'Float32Array of 3 values'],
    ['pixels of NaN', { images: Float32Array.of(0, 0, 0, NaN) }, 'image 1'],
    ['too few labels', { labels: Int32Array.of(0) }, 'labels'],
    [
      'a label that is no class',
      { labels: Int32Array.of(0, 2) },
      'gave 2; expected class indexes from 0 to 1',
    ],
  ])('that reads %s is named', (_, change, found) => expectMisbehaved(read(change), "read('train')", found));
  it('whose size is no whole number is named', () =>
    expectMisbehaved(() => dataset({ size: 2.5 }).size('test'), "size('test')", '2.5'));

  it('whose fingerprint is no text is named', () =>
    expectMisbehaved(() => dataset({ fingerprint: undefined }).fingerprint!(), 'fingerprint', 'undefined'));
});

describe('a runner', () => {
  const run = (answer: unknown) => () =>
    guard('runner', { id: 'bad', concurrency: 1, run: async () => answer }).run(
      {} as Trial,
      new AbortController().signal,
    );
  it.each([{ status: 'done' }, { status: 'interrupted' }, { status: 'failed', error: 'it broke' }])(
    'may answer %j',
    async (answer) => expect(await run(answer)()).toEqual(answer),
  );
  it.each([undefined, 'done', { status: 'fine' }, { status: 'failed' }, { status: 'failed', error: '' }])(
    'is blamed for the answer %j',
    async (answer) => expectMisbehaved(run(answer), 'run', "{ status: 'done' }"),
  );
  it.each([0, 1.5, NaN, Infinity])('is blamed for running %d trials at once', async (concurrency) =>
    expectMisbehaved(() => guard('runner', { id: 'bad', concurrency, run: run(undefined) }), 'concurrency'),
  );
});

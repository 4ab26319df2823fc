import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { buildModel } from '../model/build-model.js';
import { FrozenPart } from './frozen-part.js';

beforeAll(() => tf.setBackend('cpu'));

/** What a layer of a file gives for one image, in the words of a model.json. */
async function run(
  className: string,
  config: Record<string, unknown>,
  images: readonly { readonly shape: readonly number[]; readonly values: readonly number[] }[],
  weights: readonly { readonly shape: readonly number[]; readonly values: readonly number[] }[] = [],
): Promise<{ shape: readonly number[]; values: number[] }> {
  const inputs = images.map(({ shape }, i) => ({
    name: `image${i}`,
    class_name: 'InputLayer',
    config: { name: `image${i}`, batch_input_shape: [null, ...shape], dtype: 'float32', sparse: false },
    inbound_nodes: [],
  }));
  const layer = {
    name: 'layer',
    class_name: className,
    config: { name: 'layer', ...config },
    inbound_nodes: [inputs.map(({ name }) => [name, 0, 0, {}])],
  };
  const build = () =>
    buildModel(
      {
        class_name: 'Model',
        config: {
          name: 'net',
          layers: [...inputs, layer],
          input_layers: inputs.map(({ name }) => [name, 0, 0]),
          output_layers: [['layer', 0, 0]],
        },
      },
      1e6,
    );
  // As it is, and as TensorFlow.js writes it and reads it again.
  const model = await build();
  const again = await buildModel(JSON.parse(model.toJSON() as string) as Record<string, unknown>, 1e6);
  const results = [model, again].map((each) =>
    tf.tidy(() => {
      const tensors = weights.map(({ shape, values }) => tf.tensor([...values], [...shape]));
      if (tensors.length > 0) each.getLayer('layer').setWeights(tensors);
      const given = images.map(({ shape, values }) => tf.tensor([...values], [1, ...shape]));
      const output = each.predict(given.length === 1 ? given[0]! : given) as tf.Tensor;
      expect(output.shape.slice(1)).toEqual(each.outputs[0]!.shape.slice(1));
      return { shape: output.shape.slice(1), values: [...output.dataSync()] };
    }),
  );
  expect(results[1]).toEqual(results[0]);
  model.dispose();
  again.dispose();
  return results[0]!;
}

const image = (height: number, width: number, channels: number, first = 1) => ({
  shape: [height, width, channels],
  values: Array.from({ length: height * width * channels }, (_, i) => first + i),
});

const SQUARE = image(3, 3, 1);

test('a grouped convolution reads one block of channels for each block of filters', async () => {
  // Four channels 1, 2, 3, 4 at one position; two groups of two; kernel [1, 1, 2, 4].
  const kernel = { shape: [1, 1, 2, 4], values: [1, 0, 1, 10, 0, 1, 1, 100] };
  const bias = { shape: [4], values: [0, 0, 0.5, -1] };
  const config = { filters: 4, kernel_size: 1, groups: 2, padding: 'valid', activation: 'relu' };
  const found = await run('TersorGroupedConv2D', config, [image(1, 1, 4)], [kernel, bias]);
  // 1*1 + 2*0, 1*0 + 2*1, 3*1 + 4*1 + 0.5, 3*10 + 4*100 - 1
  expect(found.values).toEqual([1, 2, 7.5, 429]);
});

test('a grouped convolution strides and dilates as a convolution does', async () => {
  const ones = { shape: [2, 2, 1, 2], values: Array.from({ length: 8 }, () => 1) };
  const config = { filters: 2, kernel_size: [2, 2], groups: 2, use_bias: false };
  const pixels = { shape: [3, 3, 2], values: Array.from({ length: 18 }, (_, i) => (i % 2 ? 0 : 1 + i / 2)) };
  const same = await run('TersorGroupedConv2D', { ...config, strides: 2, padding: 'same' }, [pixels], [ones]);
  expect(same).toEqual({ shape: [2, 2, 2], values: [12, 0, 9, 0, 15, 0, 9, 0] });
  const wide = await run(
    'TersorGroupedConv2D',
    { ...config, dilation_rate: [2, 2], padding: 'valid' },
    [pixels],
    [ones],
  );
  expect(wide).toEqual({ shape: [1, 1, 2], values: [20, 0] });
});

test('padding is a constant, a reflection or the edge', async () => {
  const padding = [
    [1, 0],
    [0, 2],
  ];
  const pad = async (config: Record<string, unknown>) =>
    (await run('TersorPad2D', { padding, ...config }, [image(2, 3, 1)])).values;
  expect(await pad({ mode: 'constant', value: -3.4e38 })).toEqual(
    [-3.4e38, -3.4e38, -3.4e38, -3.4e38, -3.4e38, 1, 2, 3, -3.4e38, -3.4e38, 4, 5, 6, -3.4e38, -3.4e38].map(
      Math.fround,
    ),
  );
  expect(await pad({ mode: 'reflect' })).toEqual([4, 5, 6, 5, 4, 1, 2, 3, 2, 1, 4, 5, 6, 5, 4]);
  expect(await pad({ mode: 'edge' })).toEqual([1, 2, 3, 3, 3, 1, 2, 3, 3, 3, 4, 5, 6, 6, 6]);
});

test('pooling takes maxima and averages over windows with a padding of its own on each side', async () => {
  const window = { pool_size: [2, 2], strides: [2, 2], padding: [[1, 0], [0, 1]] }; // prettier-ignore
  const pool = async (config: Record<string, unknown>, pixels = SQUARE) =>
    (await run('TersorPooling2D', { ...window, ...config }, [pixels])).values;
  const negative = image(3, 3, 1, -9);
  expect(await pool({ operation: 'max' }, negative)).toEqual([-8, -7, -2, -1]);
  expect(await pool({ operation: 'average', count_padding: false })).toEqual([1.5, 3, 6, 7.5]);
  expect(await pool({ operation: 'average', count_padding: true })).toEqual([0.75, 0.75, 6, 3.75]);
});

test('resizing places pixels as ONNX says, for each of its coordinates and roundings', async () => {
  const row = { shape: [1, 4, 1], values: [1, 2, 3, 4] };
  const resize = async (width: number, config: Record<string, unknown>) =>
    (await run('TersorResize2D', { size: [1, width], ...config }, [row])).values;
  const bilinear = (coordinates: string, width: number) =>
    resize(width, { interpolation: 'bilinear', coordinates });
  expect(await bilinear('half_pixel', 8)).toEqual([1, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4]);
  expect(await bilinear('asymmetric', 8)).toEqual([1, 1.5, 2, 2.5, 3, 3.5, 4, 4]);
  expect(await bilinear('align_corners', 7)).toEqual([1, 1.5, 2, 2.5, 3, 3.5, 4]);
  expect(await bilinear('half_pixel', 1)).toEqual([2.5]);
  expect(await bilinear('pytorch_half_pixel', 1)).toEqual([1]);
  const nearest = (coordinates: string, rounding: string, width: number) =>
    resize(width, { interpolation: 'nearest', coordinates, rounding });
  expect(await nearest('asymmetric', 'floor', 8)).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
  // Places 0, 2/3, 4/3, 2, 8/3, 10/3
  expect(await nearest('asymmetric', 'ceil', 6)).toEqual([1, 2, 3, 3, 4, 4]);
  // Places 0.5 and 2.5
  expect(await nearest('half_pixel', 'round_prefer_floor', 2)).toEqual([1, 3]);
  expect(await nearest('half_pixel', 'round_prefer_ceil', 2)).toEqual([2, 4]);
});

test('gelu by tanh is found by the name that a file has for it', async () => {
  const { values } = await run('Activation', { activation: 'gelu_new' }, [
    { shape: [3], values: [-1, 0, 2] },
  ]);
  expect(values[0]).toBeCloseTo(-0.158808, 5);
  expect(values[1]).toBe(0);
  expect(values[2]).toBeCloseTo(1.954598, 5);
});

test('bicubic resizing weighs four pixels, with the edge repeated or what lies outside left out', async () => {
  const row = { shape: [1, 4, 1], values: [1, 2, 3, 4] };
  const resize = async (config: Record<string, unknown>) =>
    (await run('TersorResize2D', { size: [1, 8], interpolation: 'bicubic', ...config }, [row])).values;
  const near = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 5) as number);
  // What onnxruntime 1.30 gives.
  expect((await resize({})).slice(0, 4)).toEqual(near([0.89453125, 1.19140625, 1.66796875, 2.296875]));
  const part = await resize({ cubic_coefficient: -0.5, exclude_outside: true });
  expect(part.slice(0, 3)).toEqual(near([0.9117647, 1.1678833, 1.7099236]));
});

test('a scale that is not the ratio of the lengths says where pixels lie', async () => {
  const row = { shape: [1, 4, 1], values: [1, 2, 3, 4] };
  const config = { size: [1, 2], interpolation: 'bilinear', scales: [1, 0.6] };
  // Places (i + 1/2) / 0.6 - 1/2: 1/3 and 2.
  const { values } = await run('TersorResize2D', config, [row]);
  expect(values[0]).toBeCloseTo(4 / 3, 6);
  expect(values[1]).toBeCloseTo(3, 6);
});

test('rows and columns are resized apart', async () => {
  const found = await run('TersorResize2D', { size: [4, 2], interpolation: 'nearest' }, [image(2, 4, 1)]);
  expect(found.values).toEqual([1, 3, 1, 3, 5, 7, 5, 7]);
});

test('a slice takes every step-th index of any axis', async () => {
  const slice = async (config: Record<string, unknown>) =>
    (await run('TersorSlice', config, [image(2, 2, 3)])).values;
  expect(await slice({ axis: 3, start: 1, end: 3, step: 1 })).toEqual([2, 3, 5, 6, 8, 9, 11, 12]);
  expect(await slice({ axis: 3, start: 0, end: 3, step: 2 })).toEqual([1, 3, 4, 6, 7, 9, 10, 12]);
  expect(await slice({ axis: 1, start: 1, end: 2, step: 1 })).toEqual([7, 8, 9, 10, 11, 12]);
});

test('a shuffle deals channels out, one of each group in turn', async () => {
  const found = await run('TersorChannelShuffle', { groups: 2 }, [image(1, 1, 6)]);
  expect(found.values).toEqual([1, 4, 2, 5, 3, 6]);
});

test('a hard sigmoid has its own slope, and a power its exponent', async () => {
  const row = { shape: [5], values: [-4, -2, 0, 1, 4] };
  const hard = await run('TersorHardSigmoid', { alpha: 0.25, beta: 0.5 }, [row]);
  expect(hard.values).toEqual([0, 0, 0.5, 0.75, 1]);
  expect((await run('TersorPower', { exponent: 2 }, [row])).values).toEqual([16, 4, 0, 1, 16]);
});

test('differences and quotients spread a vector over all positions', async () => {
  const vector = { shape: [2], values: [1, 2] };
  const less = await run('TersorSubtract', {}, [image(1, 2, 2), vector]);
  expect(less).toEqual({ shape: [1, 2, 2], values: [0, 0, 2, 2] });
  const parts = await run('TersorDivide', {}, [vector, image(1, 2, 2)]);
  expect(parts.values).toEqual([1, 1, Math.fround(1 / 3), 0.5]);
});

/** The first row of each image less the row that a constant names, and whether that is above another. */
const PART = {
  steps: [
    { operation: 'gather', inputs: [0, 1], options: { axis: 1 } },
    { operation: 'slice', inputs: [0], options: { begin: [0, 0, 0], size: [1, 1, 2] } },
    { operation: 'sub', inputs: [4, 3] },
    { operation: 'greater', inputs: [5, 2] },
    { operation: 'to_float', inputs: [6] },
    { operation: 'concat', inputs: [5, 7], options: { axis: 2 } },
  ],
  constants: [
    { shape: [1], type: 'integer' },
    { shape: [], type: 'float' },
  ],
};

const constants = [
  { shape: [1], values: [2] },
  { shape: [], values: [-3] },
];

test('a frozen part computes its steps, and takes what is constant from its weights', async () => {
  const rows = { shape: [3, 2], values: [1, 2, 3, 4, 5, 4] };
  const found = await run('TersorFrozenPart', PART, [rows], constants);
  // 1 - 5 and 2 - 4, of which the second is above -3.
  expect(found).toEqual({ shape: [1, 4], values: [-4, -2, 0, 1] });
});

test('a frozen part mixes nothing of the images of a batch, and gradients go through it', () => {
  const steps = [
    { operation: 'matMul', inputs: [0, 0], options: { turnB: true } },
    { operation: 'softmax', inputs: [1] },
    { operation: 'matMul', inputs: [2, 0] },
    { operation: 'floor', inputs: [3] },
    { operation: 'sub', inputs: [3, 4] },
    // Over the batch too, which is one image.
    { operation: 'sum', inputs: [5], options: { axes: [0], keep: true } },
  ];
  const part = new FrozenPart({ name: 'part', steps });
  tf.tidy(() => {
    const of = (x: tf.Tensor) => part.apply(x) as tf.Tensor;
    const images = tf.tensor([0.1, 0.4, 0.7, 0.3, 0.9, 0.2, 0.8, 0.6], [2, 2, 2]);
    const [first, second] = tf.split(images, 2) as [tf.Tensor, tf.Tensor];
    const apart = [...of(first).dataSync(), ...of(second).dataSync()];
    expect([...of(images).dataSync()]).toEqual(apart);
    const slope = tf
      .grad((x: tf.Tensor) => tf.sum(tf.square(of(x))))(images)
      .dataSync();
    const loss = (i: number, by: number) => {
      const moved = images.dataSync().slice();
      moved[i]! += by;
      return tf.sum(tf.square(of(tf.tensor(moved, images.shape)))).dataSync()[0]!;
    };
    slope.forEach((value, i) => {
      expect(value).toBeCloseTo((loss(i, 1e-2) - loss(i, -1e-2)) / 2e-2, 2);
    });
    expect(Math.max(...slope.map(Math.abs))).toBeGreaterThan(0.1);
  });
});

test.each([
  ['TersorGroupedConv2D', { filters: 4, kernel_size: 1, groups: 3 }, '"filters" of the layer "layer"'],
  ['TersorGroupedConv2D', { filters: 3, kernel_size: 1, groups: 3 }, 'a divisor of the 4 channels'],
  ['TersorPad2D', { padding: 1 }, '[[top, bottom], [left, right]]'],
  ['TersorPad2D', { padding: [[2, 0], [0, 0]], mode: 'reflect' }, 'less than the 2'], // prettier-ignore
  ['TersorPooling2D', { pool_size: 2, padding: [[2, 0], [0, 0]] }, 'every window'], // prettier-ignore
  ['TersorResize2D', { size: 2, interpolation: 'cubic' }, 'one of nearest, bilinear, bicubic'],
  ['TersorResize2D', { size: 2, scales: [0, 2] }, 'two positive numbers'],
  ['TersorSlice', { axis: 3, start: 2, end: 5 }, 'at most the 4 that axis 3 is long'],
  ['TersorChannelShuffle', { groups: 3 }, 'a divisor of the 4 channels'],
  ['TersorHardSigmoid', { alpha: 'steep' }, 'a number'],
  ['TersorSubtract', {}, 'takes two inputs, not 1'],
  ['TersorFrozenPart', { steps: [] }, 'operations with inputs before them'],
  ['TersorFrozenPart', { steps: [{ operation: 'abs', inputs: [1] }] }, 'inputs before them'],
  ['TersorFrozenPart', { steps: [{ operation: 'eval', inputs: [0] }] }, '"eval" is no operation'],
  ['TersorFrozenPart', { steps: [{ operation: 'add', inputs: [0] }] }, '"add" has 1 inputs'],
  ['TersorFrozenPart', { steps: [{ operation: 'tile', inputs: [0], options: { times: [1, 2 ** 30, 1, 1] } }] }, 'gives the shape'], // prettier-ignore
  ['TersorFrozenPart', { steps: [{ operation: 'reshape', inputs: [0], options: { shape: [16] } }] }, 'one result for one image'], // prettier-ignore
  ['TersorFrozenPart', { steps: [{ operation: 'abs', inputs: [0] }], constants: [{ shape: [-1] }] }, 'shapes and types'], // prettier-ignore
])('%s says what is wrong with %j', async (className, config, message) => {
  const before = tf.memory().numTensors;
  await expect(run(className, config, [image(2, 2, 4)])).rejects.toThrow(message);
  expect(tf.memory().numTensors).toBe(before);
});

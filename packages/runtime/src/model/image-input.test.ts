import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { imageInput, type Preprocessing } from '../index.js';
import { describedInput } from './described-input.js';

const plain: Preprocessing = { size: [2, 2], mean: [0, 0, 0], std: [1, 1, 1], order: 'rgb' };
const given = (pixels: tf.Tensor3D, preprocessing: Preprocessing) => {
  const input = imageInput(pixels, preprocessing);
  const found = {
    shape: input.shape,
    values: Array.from(input.dataSync(), (value) => Number(value.toFixed(4))),
  };
  tf.dispose([input, pixels]);
  return found;
};
/** A grey image of these rows. */
const grey = (rows: number[][]) => tf.tensor3d(rows.map((row) => row.map((value) => [value, value, value])));
const first = ({ values }: { values: number[] }) => values.filter((_, i) => i % 3 === 0);

beforeAll(() => tf.setBackend('cpu'));

it('leaves the pixels of an image of the right size as they are, scaled', () => {
  const { shape, values } = given(
    tf.tensor3d([
      [
        [255, 0, 51],
        [102, 153, 204],
      ],
      [
        [0, 0, 0],
        [255, 255, 255],
      ],
    ]),
    plain,
  );
  expect(shape).toEqual([1, 2, 2, 3]);
  expect(values).toEqual([1, 0, 0.2, 0.4, 0.6, 0.8, 0, 0, 0, 1, 1, 1]);
});

it('takes the middle of a wide image, and of a high one', () => {
  expect(
    first(
      given(
        grey([
          [0, 51, 102, 153],
          [0, 51, 102, 153],
        ]),
        plain,
      ),
    ),
  ).toEqual([0.2, 0.4, 0.2, 0.4]);
  expect(
    first(
      given(
        grey([
          [0, 0],
          [51, 51],
          [102, 102],
          [153, 153],
        ]),
        plain,
      ),
    ),
  ).toEqual([0.2, 0.2, 0.4, 0.4]);
});

it('averages all pixels of an image that shrinks', () => {
  const rows = Array.from({ length: 4 }, (_, y) =>
    Array.from({ length: 4 }, (_, x) => (x === 1 && y === 1 ? 204 : 0)),
  );
  expect(first(given(grey(rows), plain))).toEqual([0.2, 0, 0, 0]);
});

it('resizes the shorter side first where the model wants it', () => {
  // 4 pixels a side, resized to 4, of which the middle 2 are the input.
  const rows = [
    [0, 0, 0, 0],
    [0, 51, 102, 0],
    [0, 153, 204, 0],
    [0, 0, 0, 0],
  ];
  expect(first(given(grey(rows), { ...plain, resize: 4 }))).toEqual([0.2, 0.4, 0.6, 0.8]);
});

it('shifts and scales each channel in the order of the model', () => {
  const one = { ...plain, size: [1, 1] as const };
  const pixel = () => tf.tensor3d([[[255, 0, 51]]]);
  expect(given(pixel(), { ...one, mean: [0.5, 0, 0.1], std: [0.5, 1, 0.1] }).values).toEqual([1, 0, 1]);
  expect(given(pixel(), { ...one, order: 'bgr', mean: [0.1, 0, 0.5], std: [0.1, 1, 0.5] }).values).toEqual([
    1, 0, 1,
  ]);
  expect(given(pixel(), { ...one, mean: [0], std: [1] })).toEqual({ shape: [1, 1, 1, 1], values: [0.4] });
});

it('leaks no tensor', () => {
  const before = tf.memory().numTensors;
  given(
    grey([
      [1, 2],
      [3, 4],
    ]),
    plain,
  );
  expect(tf.memory().numTensors).toBe(before);
});

it('passes over a description that is not as it should be', () => {
  const right = { preprocessing: plain, classNames: ['cat', 'dog'] };
  expect(describedInput({ tersor: right })).toEqual(right);
  for (const wrong of [
    undefined,
    7,
    {},
    { tersor: [] },
    { tersor: { classNames: [1], preprocessing: { size: [2] } } },
  ])
    expect(describedInput(wrong)).toEqual({});
});

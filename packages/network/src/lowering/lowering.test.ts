import { activationWord, limitedRelu, reluLimit } from './activations.js';
import { affineWith } from './affine.js';
import { Refusal } from './lowered-layer.js';
import { resizingLayer } from './resizing.js';
import { paddingWord, sameSides, windowCount } from './windows.js';

it('has one word for an activation, whoever names it', () => {
  expect(['Relu6', 'log_softmax', 'LogSoftmax', 'silu', 'Swish', 'Softplus'].map(activationWord)).toEqual([
    'relu6',
    'logSoftmax',
    'logSoftmax',
    'swish',
    'swish',
    'softplus',
  ]);
  // Hard sigmoids differ from one framework to another, so that none has the word alone.
  expect(['HardSigmoid', 'constructor', 'unknown'].map(activationWord)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

it('reads the limit of a ReLU that it made, and of no ReLU that does more', () => {
  expect([Infinity, 6, 4].map((limit) => reluLimit(limitedRelu(limit)))).toEqual([Infinity, 6, 4]);
  expect(reluLimit({ className: 'ReLU', config: { negative_slope: 0.1 } })).toBeUndefined();
  expect(reluLimit({ className: 'Activation', config: { activation: 'tanh' } })).toBeUndefined();
});

it.each([
  ['add', 3, true, 5],
  ['subtract', 3, true, -1],
  ['subtract', 3, false, 1],
  ['multiply', 3, false, 6],
  ['divide', 4, true, 0.5],
] as const)('%s with %d, the tensor first: %s', (operation, constant, isFirst, of2) => {
  const { scale, offset } = affineWith(operation, constant, isFirst)!;
  expect(2 * scale + offset).toBe(of2);
});

it('is not affine to divide by the tensor, or to take the larger of two', () => {
  expect(affineWith('divide', 3, false)).toBeUndefined();
  expect(affineWith('maximum', 3, true)).toBeUndefined();
});

it('pads as TensorFlow does, an odd one at the end, or at the beginning', () => {
  // 8 rows, a window of 3, every second: 4 windows need 9 rows.
  expect(sameSides(8, 3, 2)).toEqual([0, 1]);
  expect(sameSides(8, 3, 2, 'begin')).toEqual([1, 0]);
  const sides = [sameSides(8, 3, 2), sameSides(7, 3, 2)] as const;
  expect(paddingWord(sides, [8, 7], [3, 3], [2, 2])).toBe('same');
  expect(
    paddingWord(
      [
        [1, 1],
        [1, 1],
      ],
      [8, 7],
      [3, 3],
      [2, 2],
    ),
  ).toBeUndefined();
  expect(
    paddingWord(
      [
        [0, 0],
        [0, 0],
      ],
      [8, 7],
      [3, 3],
      [2, 2],
    ),
  ).toBe('valid');
});

it('counts the positions of a window, and refuses one that does not fit', () => {
  expect(windowCount(8, 3, 2, 'same')).toBe(4);
  expect(windowCount(8, 3, 2, [0, 0])).toBe(3);
  expect(windowCount(undefined, 3, 2, 'same')).toBeUndefined();
  expect(() => windowCount(2, 3, 1, [0, 0])).toThrow(Refusal);
});

it('repeats pixels where a resize does no more, and resizes otherwise', () => {
  const resizing = { from: [3, 4], size: [6, 8], interpolation: 'nearest', rounding: 'floor' } as const;
  expect(resizingLayer({ ...resizing, coordinates: 'asymmetric' })).toMatchObject({
    className: 'UpSampling2D',
    config: { size: [2, 2] },
  });
  const others = [
    { ...resizing, coordinates: 'align_corners' },
    { ...resizing, coordinates: 'asymmetric', size: [5, 8] },
    { ...resizing, coordinates: 'asymmetric', from: [undefined, 4] },
    { ...resizing, coordinates: 'asymmetric', interpolation: 'bilinear' as const },
  ];
  for (const other of others) expect(resizingLayer(other).className).toBe('TersorResize2D');
});

import { attribute, GraphFixture } from './graph-fixture.js';

const { text, integers, integer, flag } = attribute;

const window = {
  strides: integers(1, 1, 1, 1),
  dilations: integers(1, 1, 1, 1),
  padding: text('SAME'),
  data_format: text('NHWC'),
};

/** Two convolutions, what `between` makes of their result, another convolution, and the mean of that. */
export function around(between: (g: GraphFixture, x: string) => string): GraphFixture {
  const g = new GraphFixture();
  const convolved = (name: string, x: string, inputs: number, outputs: number) =>
    g.node(`${name}/relu`, 'Relu', [
      g.node(name, 'Conv2D', [x, g.constant(`${name}/w`, [3, 3, inputs, outputs])], window),
    ]);
  const wide = convolved('first', g.input([4, 6, 3]), 3, 7);
  const part = between(g, convolved('second', wide, 7, 4));
  const third = convolved('third', part, 4, 5);
  const mean = g.node('mean', 'Mean', [third, g.integers('positions', [1, 2])], { keep_dims: flag(false) });
  g.node('output', 'MatMul', [mean, g.constant('output/w', [5, 3])]);
  return g;
}

/** Every position looks at all others: products of what the network computes, and a softmax of them. */
export function attention(): GraphFixture {
  return around((g, x) => {
    const rows = g.node('rows', 'Reshape', [x, g.integers('rows/shape', [-1, 24, 4])]);
    const alike = g.node('alike', 'BatchMatMulV2', [rows, rows], { adj_y: flag(true) });
    const looked = g.node('looked', 'BatchMatMulV2', [g.node('shares', 'Softmax', [alike]), rows]);
    return g.node('image_again', 'Reshape', [looked, g.integers('image/shape', [-1, 4, 6, 4])]);
  });
}

/**
 * Positions drawn from elsewhere, as spatial transformers do it: a grid for every image of the batch, places
 * worked out from the image, rounded down, and picked of all images' positions in one list.
 */
export function sampled(): GraphFixture {
  return around((g, x) => {
    const scalar = (name: string, value: number, type?: string) => g.scalar(`scalar/${name}`, value, type);
    const size = g.node('size', 'Shape', [x]);
    const range = ['begin', 'end', 'step'].map((name, i) => g.integers(`batch/${name}`, [i === 0 ? 0 : 1]));
    const batch = g.node('batch', 'StridedSlice', [size, ...range], { shrink_axis_mask: integer(1) });
    const times = g.node('times', 'Pack', [batch, scalar('one', 1)], { axis: integer(0) });
    const positions = Array.from({ length: 24 }, (_, i) => (7 * i) % 24);
    const grid = g.node('grid', 'Tile', [g.constant('grid/row', [1, 24], positions), times]);
    const center = g.node('center', 'Mean', [x, g.integers('center/axes', [1, 2, 3])], {
      keep_dims: flag(false),
    });
    const shift = g.node('shift', 'ExpandDims', [center, scalar('axis', 1)]);
    const scaled = g.node('scaled', 'Mul', [shift, scalar('twelve', 12, 'float32')]);
    const moved = g.node('moved', 'Floor', [g.node('sum', 'AddV2', [grid, scaled])]);
    const whole = g.node('whole', 'Cast', [moved], {
      SrcT: { type: 'DT_FLOAT' },
      DstT: { type: 'DT_INT32' },
    });
    const place = g.node('place', 'FloorMod', [whole, scalar('count', 24)]);
    const list = g.node('list', 'Reshape', [x, g.integers('list/shape', [-1, 4])]);
    const flat = g.node('flat', 'Reshape', [place, g.integers('flat/shape', [-1])]);
    const picked = g.node('picked', 'GatherV2', [list, flat, scalar('first', 0)]);
    const low = g.node('low', 'Less', [picked, scalar('half', 0.5, 'float32')]);
    const chosen = g.node('chosen', 'SelectV2', [low, g.node('turned', 'Cos', [picked]), picked]);
    const shape = g.node('shape', 'Pack', [batch, ...[4, 6, 4].map((n, i) => scalar(`n${i}`, n))], {
      axis: integer(0),
    });
    return g.node('again', 'Reshape', [chosen, shape]);
  });
}

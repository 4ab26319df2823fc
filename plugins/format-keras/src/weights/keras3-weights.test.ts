import type { Hdf5Group } from '../file/hdf5.js';
import { keras3Weights } from './keras3-weights.js';

interface Tree {
  readonly [name: string]: Tree | number;
}

/** Groups of a file; a number is an array of one value. */
function groupOf(tree: Tree): Hdf5Group {
  return {
    names: () => Object.keys(tree),
    has: (name) => name in tree,
    group: (name) => (typeof tree[name] === 'object' ? groupOf(tree[name]) : undefined),
    text: () => undefined,
    texts: () => undefined,
    shape: () => undefined,
    values: (name) => ({ shape: [1], data: Float32Array.of(tree[name] as number) }),
  };
}

const cell = (first: number) => ({ cell: { vars: { 0: first, 1: first + 1, 2: first + 2 } } });
const layer = (className: string, config: object = {}) => ({
  class_name: 'Sequential',
  config: { layers: [{ class_name: className, config: { name: 'own', ...config } }] },
});

it('finds the weights of both directions, of which Keras 3 states the first as the layer', () => {
  const of = (name: string) => ({ class_name: 'GRU', config: { name } });
  const model = layer('Bidirectional', { layer: of('forward_gru'), backward_layer: of('backward_gru') });
  const root = groupOf({
    layers: { bidirectional: { forward_layer: cell(1), backward_layer: cell(4), vars: {} } },
  });
  const { count, of: weightsOf } = keras3Weights(root, model, 'net.keras');
  expect(count).toBe(6);
  expect(weightsOf(['own']).map(({ data }) => data[0])).toEqual([1, 2, 3, 4, 5, 6]);
});

it('names layers whose weights are in layers of their own', () => {
  const dense = { vars: { 0: 1, 1: 2 } };
  const root = groupOf({ layers: { multi_head_attention: { key_dense: dense, query_dense: dense } } });
  expect(() => keras3Weights(root, layer('MultiHeadAttention'), 'net.keras')).toThrow(
    expect.objectContaining({
      code: 'MODEL_UNSUPPORTED',
      message: expect.stringContaining('"own" (MultiHeadAttention)') as string,
    }) as Error,
  );
});

it('refuses weights of another network', () => {
  const root = groupOf({ layers: { dense: { vars: { 0: 1 } } } });
  expect(() => keras3Weights(root, layer('Flatten'), 'net.keras')).toThrow(
    expect.objectContaining({ code: 'MODEL_INVALID' }) as Error,
  );
});

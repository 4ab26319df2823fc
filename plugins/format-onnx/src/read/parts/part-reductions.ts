import {
  constant,
  constantPart,
  partShape,
  piece,
  Refusal,
  reshapedPart,
  withUnitAxis,
  type PartSource,
} from '@tersor/network';
import { float, integer } from '../attributes.js';
import { axisAt } from '../site.js';
import { axesAt, partAt, rankOf, type PartOperator } from './part-site.js';

/** What is done with values before they are reduced, and with the result. */
interface Around {
  readonly before?: string;
  readonly after?: string;
}

const reduction =
  (operation: string, { before, after }: Around = {}): PartOperator =>
  (site) => {
    const x = partAt(site, 0);
    const listed = axesAt(site, 1, x);
    const isNothing = !listed?.length && integer(site.node, 'noop_with_empty_axes', 0) === 1;
    const axes = listed?.length ? listed : partShape(x).map((_, axis) => axis);
    const keep = integer(site.node, 'keepdims', 1) === 1;
    const given = before ? piece(before, [x]) : x;
    const reduced = isNothing ? given : piece(operation, [given], { axes, keep });
    return [after ? piece(after, [reduced]) : reduced];
  };

const chosen =
  (operation: string): PartOperator =>
  (site) => {
    const x = partAt(site, 0);
    if (integer(site.node, 'select_last_index', 0) !== 0)
      throw new Refusal('chooses the last of equal values');
    const axis = axisAt(integer(site.node, 'axis', 0), rankOf(x));
    const index = piece(operation, [x], { axis });
    const keeps = integer(site.node, 'keepdims', 1) === 1;
    return [keeps ? reshapedPart(index, withUnitAxis(index.shape, axis)) : index];
  };

/** Along one axis; before opset 13 along that and all after it together. */
const softmax =
  (operation: string): PartOperator =>
  (site) => {
    const x = partAt(site, 0);
    const shape = partShape(x);
    const axis = axisAt(integer(site.node, 'axis', site.opset < 13 ? 1 : -1), shape.length);
    if (axis === shape.length - 1) return [piece(operation, [x])];
    if (site.opset < 13) {
      const rows = shape.slice(0, axis).reduce((product, size) => product * size, 1);
      return [reshapedPart(piece(operation, [reshapedPart(x, [rows, -1])]), shape)];
    }
    const order = shape.map((_, i) => i);
    [order[axis], order[shape.length - 1]] = [shape.length - 1, axis];
    const turned = piece(operation, [piece('transpose', [x], { order })]);
    return [piece('transpose', [turned], { order })];
  };

const cumSum: PartOperator = (site) => {
  const { node } = site;
  const x = partAt(site, 0);
  const [axis = NaN] = constantPart(site.inputs[1], 'an axis').data;
  const options = {
    axis: axisAt(axis, rankOf(x)),
    exclusive: integer(node, 'exclusive', 0) === 1,
    reverse: integer(node, 'reverse', 0) === 1,
  };
  return [piece('cumsum', [x], options)];
};

/** Over the given axis and all after it. */
const layerNormalization: PartOperator = (site) => {
  const { node, inputs } = site;
  if (node.outputs.slice(1).some((name) => name !== '')) throw new Refusal('gives its statistics too');
  const x = partAt(site, 0);
  const rank = rankOf(x);
  const first = axisAt(integer(node, 'axis', -1), rank);
  const options = { axes: Array.from({ length: rank - first }, (_, i) => first + i), keep: true };
  const centred = piece('sub', [x, piece('mean', [x], options)]);
  const variance = piece('mean', [piece('square', [centred])], options);
  const inverse = piece('rsqrt', [
    piece('add', [variance, constant('float', [], [float(node, 'epsilon', 1e-5)])]),
  ]);
  const scaled: PartSource = piece('mul', [piece('mul', [centred, inverse]), partAt(site, 1)]);
  return [inputs[2] ? piece('add', [scaled, inputs[2]]) : scaled];
};

/** Operators that combine values along axes. */
export const PART_REDUCTIONS: Readonly<Record<string, PartOperator>> = {
  ReduceSum: reduction('sum'),
  ReduceMean: reduction('mean'),
  ReduceMax: reduction('max'),
  ReduceMin: reduction('min'),
  ReduceProd: reduction('prod'),
  ReduceL1: reduction('sum', { before: 'abs' }),
  ReduceL2: reduction('sum', { before: 'square', after: 'sqrt' }),
  ReduceSumSquare: reduction('sum', { before: 'square' }),
  ArgMax: chosen('argMax'),
  ArgMin: chosen('argMin'),
  Softmax: softmax('softmax'),
  LogSoftmax: softmax('logSoftmax'),
  CumSum: cumSum,
  LayerNormalization: layerNormalization,
};

import { elementCount } from '@tersor/core';
import { Refusal, rescalingLayer } from '@tersor/network';
import { flag, text } from '../node.js';
import { tensorAt, type Operator, type Site } from '../site.js';
import { numbersOf, type Tensor } from '../value.js';
import { positions, requireChannelsLast, rowsAndColumns } from './convolution.js';
import { reshaped } from './shapes.js';

/** Pooling over windows. */
export function pooling(className: 'MaxPooling2D' | 'AveragePooling2D'): Operator {
  return (site) => {
    const { node } = site;
    requireChannelsLast(node);
    const x = tensorAt(site, 0, 3);
    const stated = text(node, 'padding');
    if (stated !== 'SAME' && stated !== 'VALID') throw new Refusal(`has padding: ${String(stated)}`);
    const padding = stated === 'SAME' ? 'same' : 'valid';
    const [window, strides] = [rowsAndColumns(node, 'ksize'), rowsAndColumns(node, 'strides')];
    const shape = [...positions(x, window, strides, padding), x.shape[2]];
    return site.add({ className, config: { pool_size: window, strides, padding }, inputs: [x], shape });
  };
}

/** A mean, sum or maximum over all positions of an image or sequence; a mean or sum over the last axis. */
export function reduction(kind: 'mean' | 'max' | 'sum'): Operator {
  return (site) => {
    const x = tensorAt(site, 0);
    const rank = x.shape.length;
    const axes = numbersOf(site.inputs[1], 'axes').map((axis) => (axis < 0 ? axis + rank + 1 : axis));
    const listed = [...axes].sort().join();
    const isKept = flag(site.node, 'keep_dims');
    const isPositions = (rank === 3 && listed === '1,2') || (rank === 2 && listed === '1');
    if (isPositions) return overPositions(site, x, kind, isKept);
    if (listed === String(rank) && kind !== 'max') return overLast(site, x, kind, isKept);
    throw new Refusal(`is over the axes ${axes.join(', ')} of ${rank + 1}`);
  };
}

function overPositions(site: Site, x: Tensor, kind: 'mean' | 'max' | 'sum', isKept: boolean): Tensor {
  const rank = x.shape.length;
  const channels = x.shape[rank - 1];
  const count = elementCount(x.shape.slice(0, -1));
  if (kind === 'sum' && count === undefined) throw new Refusal('adds up an open number of values');
  const pooled = site.add({
    className: `Global${kind === 'max' ? 'Max' : 'Average'}Pooling${rank - 1}D`,
    inputs: [x],
    shape: [channels],
    ...((isKept || kind === 'sum') && { ending: 'pool' }),
  });
  const scaled =
    kind === 'sum'
      ? site.add({
          ...rescalingLayer(count!, 0),
          inputs: [pooled],
          shape: [channels],
          ...(isKept && { ending: 'sum' }),
        })
      : pooled;
  if (!isKept) return scaled;
  if (channels === undefined) throw new Refusal('gives an open number of channels');
  return reshaped(site, scaled, [-1, ...x.shape.slice(0, -1).map(() => 1), channels]);
}

/** A mean or sum over the last axis, as a product with a constant vector that is not trained. */
function overLast(site: Site, x: Tensor, kind: 'mean' | 'sum', isKept: boolean): Tensor {
  const channels = x.shape.at(-1);
  if (channels === undefined) throw new Refusal('adds up an open number of values');
  const value = kind === 'mean' ? 1 / channels : 1;
  const rest = x.shape.slice(0, -1);
  const added = site.add({
    className: 'Dense',
    config: { units: 1, use_bias: false, activation: 'linear', trainable: false },
    inputs: [x],
    shape: [...rest, 1],
    weights: [{ shape: [channels, 1], data: new Float32Array(channels).fill(value) }],
    ...(!isKept && rest.length > 0 && { ending: 'sum' }),
  });
  return isKept ? added : reshaped(site, added, [-1, ...rest.map((length) => length ?? NaN)]);
}

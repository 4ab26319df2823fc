import { flag, text } from '../node.js';
import type { Operator, Site } from '../site.js';
import { numbersOf, Refusal, tensorOf, type Tensor } from '../value.js';
import { requireChannelsLast, rowsAndColumns, windows } from './convolution.js';

/** Pooling over windows. */
export function pooling(className: 'MaxPooling2D' | 'AveragePooling2D'): Operator {
  return (site) => {
    const { node } = site;
    requireChannelsLast(node);
    const x = tensorOf(site.inputs[0], 3);
    const stated = text(node, 'padding');
    if (stated !== 'SAME' && stated !== 'VALID') throw new Refusal(`has padding: ${String(stated)}`);
    const padding = stated === 'SAME' ? 'same' : 'valid';
    const [window, strides] = [rowsAndColumns(node, 'ksize'), rowsAndColumns(node, 'strides')];
    const shape = x.shape.map((length, axis) =>
      axis === 2 ? length : windows(length, window[axis]!, strides[axis]!, padding),
    );
    return site.add({ className, config: { pool_size: window, strides, padding }, inputs: [x], shape });
  };
}

/** A mean, sum or maximum over all rows and columns. */
export function reduction(kind: 'mean' | 'max' | 'sum'): Operator {
  return (site) => {
    const x = tensorOf(site.inputs[0], 3);
    const axes = numbersOf(site.inputs[1], 'axes').map((axis) => (axis < 0 ? axis + 4 : axis));
    if ([...axes].sort().join() !== '1,2') throw new Refusal(`is over the axes ${axes.join(', ')}`);
    const isKept = flag(site.node, 'keep_dims');
    const channels = x.shape[2];
    const count = x.shape[0]! * x.shape[1]!;
    if (kind === 'sum' && Number.isNaN(count)) throw new Refusal('adds up an open number of values');
    const pooled = site.add({
      className: kind === 'max' ? 'GlobalMaxPooling2D' : 'GlobalAveragePooling2D',
      inputs: [x],
      shape: [channels],
      ...((isKept || kind === 'sum') && { ending: 'pool' }),
    });
    const scaled = kind === 'sum' ? times(site, pooled, count, isKept) : pooled;
    if (!isKept) return scaled;
    if (channels === undefined) throw new Refusal('gives an open number of channels');
    const shape = [1, 1, channels];
    return site.add({ className: 'Reshape', config: { target_shape: shape }, inputs: [scaled], shape });
  };
}

function times(site: Site, x: Tensor, scale: number, isFollowed: boolean): Tensor {
  const config = { scale, offset: 0 };
  return site.add({
    className: 'Rescaling',
    config,
    inputs: [x],
    shape: x.shape,
    ...(isFollowed && { ending: 'sum' }),
  });
}

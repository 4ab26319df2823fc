import { Refusal } from '@tersor/network';
import { spread } from '../builder.js';
import { axisOf, lengthOf, orderOf, type Tensor } from '../layout/tensor.js';
import type { Site } from '../site.js';

/** Positions of one axis of the file, from `start` to before `end`, each `step`-th. */
export function sliced(
  { build }: Site,
  x: Tensor,
  axis: number,
  start: number,
  end: number,
  step: number,
): Tensor {
  const length = lengthOf(x.axes[axis]!);
  const size = Math.ceil((end - start) / step);
  if (!(start >= 0 && end <= length && size >= 1))
    throw new Refusal(`takes the positions ${start} to ${end} of ${length}`);
  if (size === length && step === 1) return x;
  const order = orderOf(x);
  const ready = spread(build, x, order);
  const axes = ready.axes.map((each, i) => (i === axis ? axisOf(size) : each));
  const lies = order.map((each) => axes[each]!);
  const config = { axis: order.indexOf(axis) + 1, start, end, step };
  return {
    kind: 'tensor',
    call: build.call({ className: 'TersorSlice', config }, [ready], lies.map(lengthOf)),
    axes,
    lies,
  };
}

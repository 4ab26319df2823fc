// Tables of bench/gpu: our rate against PyTorch's on the same card.
import { median } from '../median.js';
import { FORMS } from './figures.js';
import { markdownTable } from './markdown-table.js';
import { readResult, valueAt } from './results.js';

interface Measure {
  readonly name: string;
  readonly network: string;
  readonly setting: { readonly batch?: string | number };
  readonly sides: readonly {
    readonly name: string;
    readonly seconds: readonly number[];
    readonly imagesPerSecond: number;
  }[];
}

/** Measures of a result file, by name: each side's images a second, and the median share of PyTorch's. */
export function gpuTable({
  gpu,
  measures,
}: {
  readonly gpu: string;
  readonly measures: readonly string[];
}): string {
  const all = valueAt(readResult(gpu), 'results') as readonly Measure[];
  const wanted = all.filter(({ name }) => measures.includes(name));
  if (wanted.length === 0) throw new Error(`${gpu} has none of ${measures.join(', ')}`);
  return markdownTable(
    ['what', 'images at once', 'webgpu, images/s', 'PyTorch float32', 'PyTorch TF32', 'share of float32'],
    wanted.map(({ name, network, setting, sides }) => {
      const [ours, float32, tf32] = ['webgpu', 'PyTorch float32', 'PyTorch TF32'].map((side) =>
        sides.find((each) => each.name === side),
      );
      const rate = (side: Measure['sides'][number] | undefined) =>
        side ? FORMS.count(side.imagesPerSecond) : '';
      const share =
        ours && float32
          ? FORMS.times(median(float32.seconds.map((theirs, i) => theirs / ours.seconds[i]!)))
          : '';
      const batch = setting.batch === 'auto' ? 'chosen' : String(setting.batch ?? 'chosen');
      return [`${name}, ${network}`, batch, rate(ours), rate(float32), rate(tf32), share];
    }),
  );
}

import { createRequire } from 'node:module';
import { escapeHtml } from './html.js';

/** A chart's description as ECharts takes it. */
export type ChartOption = Readonly<Record<string, unknown>>;

/**
 * The little of ECharts that is needed. Its own types can't be resolved from Node's CommonJS: they import
 * without file endings.
 */
interface ECharts {
  init(
    element: undefined,
    theme: undefined,
    options: object,
  ): { setOption(option: ChartOption): void; renderToSVGString(): string; dispose(): void };
}

/** Room that a chart is drawn for. */
export interface ChartSize {
  readonly width: number;
  /** A phone's width: fewer labels fit. */
  readonly narrow: boolean;
}

export interface ChartInput {
  /** Unique within the page; letters, digits and hyphens. */
  readonly id: string;
  readonly title: string;
  /** What the chart shows, for those who can't see it. */
  readonly description: string;
  readonly height: number;
  option(size: ChartSize): ChartOption;
  /** Text shown for a data point. */
  tip(series: number, index: number): string | undefined;
  /** Table with the same numbers, as HTML. */
  readonly table: string;
}

const SIZES: readonly (ChartSize & { readonly name: string })[] = [
  { name: 'wide', width: 860, narrow: false },
  { name: 'narrow', width: 340, narrow: true },
];

/**
 * A chart as SVG that needs no script, at two widths of which the page shows the one that fits, with its
 * table. Colours are CSS variables of the page, so that it follows light and dark. Data points carry their
 * text for the page's script (pointer and arrow keys).
 */
export function chart(input: ChartInput): string {
  const { id, title, description, table } = input;
  const drawings = SIZES.map(
    (size) => `<div class="plot ${size.name}" tabindex="0">${drawing(input, size)}</div>`,
  );
  return `<figure id="${id}"><figcaption><h3>${escapeHtml(title)}</h3><p>${escapeHtml(description)}</p></figcaption>${drawings.join('')}<details><summary>The numbers: ${escapeHtml(title)}</summary>${table}</details></figure>`;
}

function drawing(
  { id, title, description, height, option, tip }: ChartInput,
  size: ChartSize & { readonly name: string },
): string {
  // Here and not on top: no other command needs it.
  const { init } = createRequire(__filename)('echarts') as ECharts;
  const instance = init(undefined, undefined, { renderer: 'svg', ssr: true, width: size.width, height });
  instance.setOption({
    animation: false,
    textStyle: { fontFamily: 'inherit', color: 'var(--ink)' },
    color: PALETTE,
    stateAnimation: { duration: 0 },
    ...option(size),
  });
  const svg = instance.renderToSVGString();
  instance.dispose();
  const key = `${id}-${size.name}`;
  return svg
    .replace(
      /<svg [^>]*>/,
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" role="img" aria-labelledby="${key}-title ${key}-desc"><title id="${key}-title">${escapeHtml(title)}</title><desc id="${key}-desc">${escapeHtml(description)} The table below has the numbers.</desc>`,
    )
    .replace(/<style ?>.*?<\/style>/s, '')
    .replace(/ class="[^"]*"/g, '')
    .replaceAll(' fill="#000" stroke=', ' fill="none" stroke=') // Lines in legends.
    .replace(/zr\d+-/g, `${key}-`)
    .replace(
      / ecmeta_series_index="(\d+)" ecmeta_data_index="(\d+)" ecmeta_ssr_type="chart"/g,
      (_match, series: string, index: string) => {
        const text = tip(Number(series), Number(index));
        return text === undefined ? '' : ` data-tip="${escapeHtml(text)}"`;
      },
    )
    .replace(/ ecmeta_[a-z_]+="[^"]*"/g, '');
}

/**
 * Colours of series, told apart also by those who see colours differently; defined by the page for light and
 * dark.
 */
export const PALETTE = Array.from({ length: 8 }, (_, i) => `var(--c${i})`);

/** Marks of series: colour is never the only difference. */
export const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond', 'roundRect', 'pin', 'arrow'];

type AxisOption = Record<string, unknown>;

/** A value axis in the page's style. `format` writes its numbers. */
export function valueAxis(
  name: string,
  format: (value: number) => string,
  more: AxisOption = {},
): AxisOption {
  return {
    type: 'value',
    name,
    nameLocation: 'middle',
    nameGap: 32,
    scale: true,
    axisLabel: { color: 'var(--muted)', formatter: format, hideOverlap: true },
    nameTextStyle: { color: 'var(--muted)' },
    axisLine: { lineStyle: { color: 'var(--line)' } },
    axisTick: { lineStyle: { color: 'var(--line)' } },
    splitLine: { lineStyle: { color: 'var(--grid)' } },
    splitNumber: 4,
    ...more,
  };
}

/** An axis of names, first on top. */
export function nameAxis(names: readonly string[], { narrow }: ChartSize): AxisOption {
  return {
    type: 'category',
    data: [...names],
    inverse: true,
    axisLabel: { color: 'var(--ink)', width: narrow ? 92 : 170, overflow: 'truncate', interval: 0 },
    axisLine: { lineStyle: { color: 'var(--line)' } },
    axisTick: { show: false },
  };
}

/** A legend in the page's style, above the drawing. */
export const LEGEND = {
  top: 0,
  left: 0,
  textStyle: { color: 'var(--ink)' },
  itemWidth: 18,
  itemGap: 22,
  backgroundColor: 'none',
  borderColor: 'none',
  selectedMode: false as const,
};

/** Pixels of a sign of a legend, about, and of one of its lines. */
const SIGN = 7;
const LEGEND_LINE = 24;

/** Pixels that a legend of these names takes, with the room below it. */
export function legendHeight(names: readonly string[], { width }: ChartSize): number {
  let lines = 1;
  let used = 0;
  for (const name of names) {
    const item = LEGEND.itemWidth + 5 + SIGN * name.length;
    if (used > 0 && used + item > width) {
      lines++;
      used = 0;
    }
    used += item + LEGEND.itemGap;
  }
  return LEGEND_LINE * lines + 14;
}

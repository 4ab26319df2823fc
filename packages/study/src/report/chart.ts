import { createRequire } from 'node:module';
import { escapeHtml } from './html.js';

/** A chart option as ECharts accepts it. */
export type ChartOption = Readonly<Record<string, unknown>>;

/**
 * The small part of ECharts that is used. Its own types cannot be resolved from CommonJS: they import files
 * without extensions.
 */
interface ECharts {
  init(
    element: undefined,
    theme: undefined,
    options: object,
  ): { setOption(option: ChartOption): void; renderToSVGString(): string; dispose(): void };
}

/** Size that a chart is drawn at. */
export interface ChartSize {
  /** Pixels. */
  readonly width: number;
  /** Whether the width is that of a phone, where fewer labels fit. */
  readonly narrow: boolean;
}

export interface ChartInput {
  /** Unique within the page; letters, digits and hyphens. */
  readonly id: string;
  readonly title: string;
  /** What the chart shows, for people who cannot see it. */
  readonly description: string;
  /** Pixels. */
  readonly height: number;
  option(size: ChartSize): ChartOption;
  /** Text shown for a data point; undefined for none. */
  tip(series: number, index: number): string | undefined;
  /** Table with the same numbers, as HTML. */
  readonly table: string;
}

/** A width that charts are drawn at: `narrow` is for phones. */
export type ChartWidth = 'wide' | 'narrow';

const SIZES: readonly (ChartSize & { readonly name: ChartWidth })[] = [
  { name: 'wide', width: 860, narrow: false },
  { name: 'narrow', width: 340, narrow: true },
];
let sizes = SIZES;

/** Draws the charts of a page whose width is known: at this width only, which takes half of the time. */
export function drawnAt<T>(width: ChartWidth, draw: () => T): T {
  sizes = SIZES.filter(({ name }) => name === width);
  try {
    return draw();
  } finally {
    sizes = SIZES;
  }
}

/** Loads what draws charts, so that the first one does not wait for it. */
export function loadCharts(): void {
  echarts();
}

/** Loaded here, not at the top: only commands that draw need it. */
function echarts(): ECharts {
  return createRequire(__filename)('echarts') as ECharts;
}

/**
 * A chart as static SVG with a table of its numbers. It is drawn at two widths, and the page shows the one
 * that fits, or at the one that `drawnAt` says. Colours are CSS variables, so it follows light and dark mode.
 * Data points carry their text for the page's script, which shows it for the pointer and the arrow keys.
 */
export function chart(input: ChartInput): string {
  const { id, title, description, table } = input;
  const drawings = sizes.map(
    (size) => `<div class="plot ${size.name}" tabindex="0">${drawing(input, size)}</div>`,
  );
  return `<figure id="${id}"><figcaption><h3>${escapeHtml(title)}</h3><p>${escapeHtml(description)}</p></figcaption>${drawings.join('')}<details><summary>The numbers: ${escapeHtml(title)}</summary>${table}</details></figure>`;
}

function drawing(
  { id, title, description, height, option, tip }: ChartInput,
  size: ChartSize & { readonly name: ChartWidth },
): string {
  const instance = echarts().init(undefined, undefined, {
    renderer: 'svg',
    ssr: true,
    width: size.width,
    height,
  });
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
 * Colours of series, chosen to be distinguishable with colour-blindness too; the page defines them for light
 * and dark mode.
 */
export const PALETTE = Array.from({ length: 8 }, (_, i) => `var(--c${i})`);

/** Symbols of series: colour is never the only difference. */
export const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond', 'roundRect', 'pin', 'arrow'];

type AxisOption = Record<string, unknown>;

/** A value axis in the page's style. `format` formats its numbers. */
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

/** An axis of names, first on top. Those that are longer than the room beside the drawing end with dots. */
export function nameAxis(names: readonly string[], { narrow }: ChartSize): AxisOption {
  return {
    type: 'category',
    data: [...names],
    inverse: true,
    // Without a browser, ECharts takes letters for narrower than they are.
    axisLabel: { color: 'var(--ink)', width: narrow ? 76 : 142, overflow: 'truncate', interval: 0 },
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

/** Approximate width of a character and height of a line in a legend, in pixels. */
const CHARACTER = 7;
const LEGEND_LINE = 24;

/** Height of a legend of these names, including the space below it, in pixels. */
export function legendHeight(names: readonly string[], { width }: ChartSize): number {
  let lines = 1;
  let used = 0;
  for (const name of names) {
    const item = LEGEND.itemWidth + 5 + CHARACTER * name.length;
    if (used > 0 && used + item > width) {
      lines++;
      used = 0;
    }
    used += item + LEGEND.itemGap;
  }
  return LEGEND_LINE * lines + 14;
}

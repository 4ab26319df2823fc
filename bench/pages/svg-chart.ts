// A chart of ECharts as SVG that follows the reader's light or dark.
import { createRequire } from 'node:module';

/** The little of ECharts that is needed; its own types can't be resolved from here. */
interface ECharts {
  init(
    element: undefined,
    theme: undefined,
    options: object,
  ): { setOption(option: object): void; renderToSVGString(): string; dispose(): void };
}

/** Pixels: narrow enough that a phone, which shrinks it by a third, leaves words of this size readable. */
export const WIDTH = 540;
export const TEXT = 14;
/** Pixels of a sign of a title, about. */
const TITLE_SIGN = 8.8;

/** The title of a chart, in as many lines as it needs, and the pixels that these take. */
export function titleOf(title: string): { title: object; titleHeight: number } {
  const lines: string[] = [];
  for (const word of title.split(' ')) {
    const joined = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && joined.length * TITLE_SIGN <= WIDTH) lines[lines.length - 1] = joined;
    else lines.push(word);
  }
  const textStyle = { fontSize: 15, lineHeight: 19, color: 'var(--ink)' };
  return { title: { text: lines.join('\n'), left: 0, top: 0, textStyle }, titleHeight: 19 * lines.length };
}

/** How a chart becomes SVG. */
export interface SvgSettings {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** A `style` element, with the colours that the options name. */
  readonly style: string;
  /** What the ids within the SVG begin with. */
  readonly ids: string;
}

/** The chart of ECharts's options; the same text for the same options. */
export function svgChart(options: object, { width, height, style, ids }: SvgSettings): string {
  const { init } = createRequire(import.meta.filename)('echarts') as ECharts;
  const chart = init(undefined, undefined, { renderer: 'svg', ssr: true, width, height });
  chart.setOption(options);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg
    .replace(/<style ?>.*?<\/style>/s, '')
    .replace(/(<svg [^>]*>)/, `$1${style}`)
    .replace(/ class="[^"]*"/g, '')
    .replace(/zr\d+-/g, `${ids}-`)
    .replace(/ ecmeta_[a-z_]+="[^"]*"/g, '')}\n`;
}

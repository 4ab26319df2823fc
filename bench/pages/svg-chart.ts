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

/** Colours by light and by dark. */
const COLOURS = {
  ink: ['#1b1d21', '#e8eaed'],
  muted: ['#5c626b', '#a3a9b3'],
  line: ['#b6bbc4', '#565c66'],
  grid: ['#e6e8ec', '#2a2e34'],
  bar: ['#0b5cad', '#7ab8ff'],
  c0: ['#0b5cad', '#7ab8ff'],
  c1: ['#b35900', '#ffb066'],
} as const;

/** A colour that options name: `var(--ink)`. */
export type Colour = keyof typeof COLOURS;

/** How a chart becomes SVG. */
export interface SvgSettings {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Colours that the options name. */
  readonly colours: readonly Colour[];
  /** What the ids within the SVG begin with. */
  readonly ids: string;
}

/** The chart of ECharts's options; the same text for the same options. */
export function svgChart(options: object, { width, height, colours, ids }: SvgSettings): string {
  const { init } = createRequire(import.meta.filename)('echarts') as ECharts;
  const chart = init(undefined, undefined, { renderer: 'svg', ssr: true, width, height });
  chart.setOption(options);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg
    .replace(/<style ?>.*?<\/style>/s, '')
    .replace(/(<svg [^>]*>)/, `$1${styleOf(colours)}`)
    .replace(/ class="[^"]*"/g, '')
    .replace(/zr\d+-/g, `${ids}-`)
    .replace(/ ecmeta_[a-z_]+="[^"]*"/g, '')}\n`;
}

function styleOf(colours: readonly Colour[]): string {
  const [light, dark] = [0, 1].map((i) => colours.map((name) => `--${name}: ${COLOURS[name][i]};`).join(' '));
  return `<style>
svg { ${light} font-family: system-ui, sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { ${dark} }
}
</style>`;
}

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

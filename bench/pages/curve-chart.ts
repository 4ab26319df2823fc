// Curves of searches, best reward so far, as SVG that follows the reader's light or dark.
import { readResult, valueAt } from './results.js';
import type { Draw } from './fill.js';
import { svgChart } from './svg-chart.js';

export interface CurveChart {
  /** A result file, and the path of a list of `{ name, curve }` in it. */
  readonly curves: string;
  readonly path: string;
  readonly title: string;
  /** Names of the curves that are drawn, at most as many as there are colours. */
  readonly names: readonly string[];
  readonly image: string;
}

/** Told apart on light and on dark ground. */
const COLOURS = ['#0b74de', '#d9480f', '#2b9348', '#8a63d2', '#c2255c', '#a07800', '#0e9aa7', '#7a7f87'];

const STYLE = `<style>
svg { --ink: #1b1d21; --muted: #5c626b; --grid: #e6e8ec; font-family: system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { svg { --ink: #e8eaed; --muted: #a3a9b3; --grid: #2a2e34; } }
</style>`;

/** Lines over evaluations; the link to the drawing, which `draw` keeps. */
export function curveChart({ curves, path, title, names, image }: CurveChart, draw: Draw): string {
  const rows = valueAt(readResult(curves), path) as readonly { name: string; curve: readonly number[] }[];
  const shown = names.map((name) => {
    const found = rows.find((row) => row.name === name);
    if (!found) throw new Error(`No curve "${name}": ${rows.map((row) => row.name).join(', ')}`);
    return found;
  });
  const axis = {
    type: 'value',
    axisLabel: { color: 'var(--muted)' },
    nameTextStyle: { color: 'var(--muted)' },
    splitLine: { lineStyle: { color: 'var(--grid)' } },
    nameLocation: 'middle',
  };
  const options = {
    animation: false,
    color: COLOURS,
    textStyle: { fontFamily: 'inherit', color: 'var(--ink)' },
    title: { text: title, left: 0, top: 0, textStyle: { fontSize: 15, color: 'var(--ink)' } },
    legend: { top: 28, left: 0, textStyle: { color: 'var(--ink)' } },
    grid: { left: 60, right: 20, top: 84, bottom: 48 },
    xAxis: { ...axis, name: 'evaluations', nameGap: 28, min: 1 },
    yAxis: { ...axis, name: 'best reward so far', nameGap: 44, scale: true },
    series: shown.map(({ name, curve }) => ({
      name,
      type: 'line',
      step: 'end',
      showSymbol: false,
      lineStyle: { width: 2 },
      data: curve.map((value, i) => [i + 1, value]),
    })),
  };
  const svg = svgChart(options, { width: 720, height: 360, style: STYLE, ids: 'curve' });
  return `![${title}](${draw(image, svg)})`;
}

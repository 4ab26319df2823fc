// Fills a page: what stands between `<!-- table ... -->` (or `chart`, `value`, `difference`, `p`) and
// `<!-- end -->` comes from the result files; everything else is a person's prose and stays.
import { parse } from 'yaml';
import {
  curveChart,
  listLineChart,
  searchChart,
  type CurveChart,
  type ListLineChart,
  type SearchChart,
} from './curve-chart.js';
import { FORMS, isForm } from './figures.js';
import { gpuTable } from './gpu-table.js';
import { listChart, type ListChart } from './list-chart.js';
import {
  bestWithin,
  listTable,
  networkTable,
  stagesTable,
  ratioTable,
  searchTable,
  type ListTable,
} from './network-table.js';
import { readResult, valueAt } from './results.js';
import {
  layerChart,
  pointChart,
  ratioChart,
  valueChart,
  type LayerChart,
  type PointChart,
  type RatioChart,
  type ValueChart,
} from './value-chart.js';
import {
  differenceOf,
  smallestP,
  studyChart,
  studyTable,
  type StudyChart,
  type StudyTable,
} from './study-table.js';

/** Keeps a drawing and gives the link to it. */
export type Draw = (name: string, svg: string) => string;

const BLOCK = /<!-- (table|chart|value|difference|p|best)\b(.*?)-->(.*?)<!-- end -->/gs;

/** The page with every figure made anew. Throws, naming what can't be made and why. */
export function fillPage(text: string, draw: Draw): string {
  return text.replace(BLOCK, (_, kind: string, request: string) => {
    try {
      const made = make(kind, request, draw);
      const block = kind === 'table' || kind === 'chart';
      return `<!-- ${kind}${request}-->${block ? `\n\n${made}\n\n` : made}<!-- end -->`;
    } catch (error) {
      throw new Error(`<!-- ${kind}${request}-->: ${(error as Error).message}`, { cause: error });
    }
  });
}

function make(kind: string, request: string, draw: Draw): string {
  if (kind === 'table') return table(parse(request) as Record<string, unknown>);
  if (kind === 'chart') {
    const chart = parse(request) as
      | StudyChart
      | CurveChart
      | SearchChart
      | ListLineChart
      | ListChart
      | ValueChart
      | PointChart
      | LayerChart
      | RatioChart;
    if ('curves' in chart) return curveChart(chart, draw);
    if ('searches' in chart) return searchChart(chart, draw);
    if ('lines' in chart) return listLineChart(chart, draw);
    if ('bars' in chart) return listChart(chart, draw);
    if ('values' in chart) return valueChart(chart, draw);
    if ('points' in chart) return pointChart(chart, draw);
    if ('ratios' in chart) return ratioChart(chart, draw);
    if ('channels' in chart) return layerChart(chart, draw);
    return studyChart(chart, draw);
  }
  const words = request.trim().split(/\s+/);
  if (kind === 'difference') return differenceOf(words[0]!, words.slice(1, -1).join(' '), words.at(-1)!);
  if (kind === 'p') return smallestP(words[0]!, words[1]!);
  if (kind === 'best') return bestWithin(words[0]!, words[1]!, Number(words[2]));
  return value(words);
}

function table(request: Record<string, unknown>): string {
  if ('study' in request) return studyTable(request as unknown as StudyTable);
  if ('stages' in request) return stagesTable(request['stages'] as string);
  if ('networks' in request) return networkTable(request['networks'] as Record<string, string>);
  if ('searches' in request) return searchTable(request['searches'] as Record<string, string>);
  if ('ratios' in request) return ratioTable(request['ratios'] as Record<string, string>);
  if ('gpu' in request) return gpuTable(request as unknown as Parameters<typeof gpuTable>[0]);
  if ('columns' in request) return listTable(request as unknown as ListTable);
  throw new Error('A table needs study, stages, networks, searches, ratios, gpu, or file and columns');
}

/**
 * `FILE PATH FORM`; or `FILE PATH - PATH FORM`, `/` alike, with `FILE#PATH` for another file's. `PATH*4` is
 * four times what is there.
 */
function value([file, path, ...rest]: readonly string[]): string {
  const form = rest.at(-1)!;
  if (!isForm(form)) throw new Error(`No form "${form}": ${Object.keys(FORMS).join(', ')}`);
  const numberAt = (place: string): number => {
    const [source, factor = '1'] = place.split('*') as [string, string?];
    const [other, within] = source.includes('#') ? source.split('#') : [file, source];
    const found = valueAt(readResult(other!), within!);
    if (typeof found !== 'number') throw new Error(`${place} is no number`);
    return found * Number(factor);
  };
  const first = numberAt(path!);
  const [operator, second] = rest.length > 1 ? rest : [];
  if (operator === '-') return FORMS[form](first - numberAt(second!));
  if (operator === '/') return FORMS[form](first / numberAt(second!));
  return FORMS[form](first);
}

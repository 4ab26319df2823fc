// Tables of runs of `compress` and `train`: the networks that they left, and what their searches found.
import { FORMS } from './figures.js';
import { markdownTable } from './markdown-table.js';
import { readResult, valueAt } from './results.js';

/** A network's figures in a summary. */
interface Figures {
  readonly accuracy: { readonly test: number };
  readonly parameters: number;
  readonly macs: number;
  readonly bytes?: number;
}

/**
 * A table of networks: by name, `file#part` (`baseline`, `pruned`, `compressed`; nothing for a training).
 * Accuracy comes first, which a phone shows without scrolling. Bytes are the measured file of a compressed
 * network, else four for a parameter (float32).
 */
export function networkTable(networks: Readonly<Record<string, string>>): string {
  return markdownTable(
    ['network', 'test accuracy', 'bytes', 'parameters', 'multiply-adds'],
    Object.entries(networks).map(([name, place]) => {
      const [file, part = ''] = place.split('#');
      const found = valueAt(readResult(file!), part) as Figures;
      const bytes = part === 'compressed' ? found.bytes! : 4 * found.parameters;
      return [
        name,
        FORMS.percent2(found.accuracy.test),
        FORMS.count(bytes),
        FORMS.count(found.parameters),
        FORMS.count(found.macs),
      ];
    }),
  );
}

/** A table of what each stage of one run left, as the command line prints it. */
export function stagesTable(file: string): string {
  const summary = readResult(file) as Readonly<Record<'baseline' | 'pruned' | 'compressed', StageFigures>>;
  const { baseline, pruned, compressed } = summary;
  const row = (name: string, { accuracy, parameters, macs, bytes }: StageFigures) => [
    name,
    FORMS.percent2(accuracy.test),
    FORMS.percent2(accuracy.validation),
    ...[parameters, macs, bytes].map(FORMS.count),
  ];
  const ratio = (key: 'parameters' | 'macs' | 'bytes', word: string) =>
    `${FORMS.times(baseline[key] / compressed[key])}x ${word}`;
  return markdownTable(
    ['', 'test accuracy', 'validation', 'parameters', 'MACs', 'bytes on disk'],
    [
      row('original', baseline),
      row('pruned', pruned),
      row('pruned + quantized', compressed),
      [
        ...['change', FORMS.points(compressed.accuracy.test - baseline.accuracy.test), ''],
        ...[ratio('parameters', 'fewer'), ratio('macs', 'fewer'), ratio('bytes', 'smaller')],
      ],
    ],
  );
}

interface StageFigures extends Figures {
  readonly accuracy: { readonly test: number; readonly validation: number };
  readonly bytes: number;
}

interface Episode {
  readonly reward: number;
  readonly heuristic?: string;
}

/** A table of searches: by name, `run#stage`. What the agent found, and what the heuristics have. */
export function searchTable(searches: Readonly<Record<string, string>>): string {
  return markdownTable(
    ['stage', 'validation images', 'episodes', "best of the agent's own", 'uniform', 'magnitude'],
    Object.entries(searches).map(([name, place]) => {
      const [run, stage] = place.split('#') as [string, string];
      const images = valueAt(readResult(run), `config.${stage}.images`) as number;
      const episodes = valueAt(readResult(`${run}.search`), stage) as readonly Episode[];
      const best = (heuristic?: string) => {
        const rewards = episodes.filter((each) => each.heuristic === heuristic).map(({ reward }) => reward);
        return rewards.length > 0 ? FORMS.reward(Math.max(...rewards)) : '';
      };
      return [name, FORMS.count(images), String(episodes.length), best(), best('uniform'), best('magnitude')];
    }),
  );
}

/** The best reward within the first `count` episodes of a search. */
export function bestWithin(run: string, stage: string, count: number): string {
  const episodes = valueAt(readResult(`${run}.search`), stage) as readonly Episode[];
  return FORMS.reward(Math.max(...episodes.slice(0, count).map(({ reward }) => reward)));
}

interface Ratio {
  readonly name: string;
  readonly aim?: number;
  readonly ratio: number;
  readonly lowest: number;
  readonly highest: number;
}

/** A table of ratios measured in turns: by name, `file#path` of `{ ratio, lowest, highest, aim? }`. */
export function ratioTable(ratios: Readonly<Record<string, string>>): string {
  return markdownTable(
    ['what', 'aim', 'median', 'lowest', 'highest'],
    Object.entries(ratios).map(([name, place]) => {
      const [file, path] = place.split('#') as [string, string];
      const { aim, ratio, lowest, highest } = valueAt(readResult(file), path) as Ratio;
      return [name, aim === undefined ? '' : String(aim), ...[ratio, lowest, highest].map(FORMS.times)];
    }),
  );
}

/**
 * A table of any list in a result file: by title, `path form` within each entry; `path?` may lead nowhere.
 */
export function listTable({ file, path, columns }: ListTable): string {
  const entries = valueAt(readResult(file), path ?? '') as readonly unknown[];
  return markdownTable(
    Object.keys(columns),
    entries.map((entry) =>
      Object.values(columns).map((column) => {
        const [place, form] = column.split(' ') as [string, keyof typeof FORMS | undefined];
        const value = optionalAt(entry, place);
        if (value === undefined) return '';
        return form === undefined ? String(value) : FORMS[form](value as number);
      }),
    ),
  );
}

/** The value at a path; undefined where a path that ends with `?` leads nowhere. */
function optionalAt(entry: unknown, place: string): unknown {
  if (!place.endsWith('?')) return valueAt(entry, place);
  try {
    return valueAt(entry, place.slice(0, -1));
  } catch {
    return undefined;
  }
}

export interface ListTable {
  readonly file: string;
  /** Where the list is within the file; the file itself where it is left out. */
  readonly path?: string;
  readonly columns: Readonly<Record<string, string>>;
}

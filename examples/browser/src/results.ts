import { topClasses, type PairScores } from './classify.js';
import type { NetworkPair } from './networks.js';

const TOP = 5;
const SIDES = ['original', 'packed'] as const;
/** Milliseconds of an image. */
export type Latency = { readonly [side in (typeof SIDES)[number]]: number | undefined };

export const element = <E extends HTMLElement = HTMLElement>(id: string): E =>
  document.getElementById(id) as E;

/** Size, accuracy and times of both. */
export function showFigures({ entry, ...loaded }: NetworkPair, latency: Latency | undefined): void {
  for (const side of SIDES) {
    const network = loaded[side];
    const time = latency?.[side];
    const smaller = entry.original.bytes / entry.packed.bytes;
    const rows: [string, string][] = [
      ['size', `${size(entry[side].bytes)}${side === 'packed' ? ` (${smaller.toFixed(1)}x smaller)` : ''}`],
      ['test accuracy', `${(100 * entry.accuracy[side]).toFixed(1)}%`],
      ['loaded in', network ? milliseconds(network.milliseconds) : 'not loaded here'],
      ['an image takes', time !== undefined ? milliseconds(time) : network ? 'measuring...' : ''],
    ];
    const list = element(side).querySelector('.figures')!;
    list.replaceChildren(
      ...rows
        .filter(([, text]) => text !== '')
        .flatMap(([term, text]) => [
          Object.assign(document.createElement('dt'), { textContent: term }),
          Object.assign(document.createElement('dd'), { textContent: text }),
        ]),
    );
  }
}

/** The best classes of both, and whether the networks agree. */
export function showClasses(scores: PairScores | undefined, names: readonly string[]): void {
  for (const side of SIDES) {
    const values = scores?.[side];
    const classes = values ? topClasses(values, names, TOP) : [];
    const list = element(side).querySelector('.classes')!;
    list.replaceChildren(
      ...classes.map(({ name, probability }) => {
        const item = document.createElement('li');
        item.style.setProperty('--share', `${(100 * probability).toFixed(1)}%`);
        for (const textContent of [name, `${(100 * probability).toFixed(1)}%`])
          item.append(Object.assign(document.createElement('span'), { textContent }));
        return item;
      }),
    );
  }
  const agreement = element('agreement');
  const { packed, original } = scores ?? {};
  const [best, was] = [packed, original].map((values) => values && topClasses(values, names, 1)[0]!.name);
  agreement.dataset['agree'] = was === undefined ? '' : best === was ? 'yes' : 'no';
  agreement.textContent =
    best === undefined
      ? ''
      : was === undefined
        ? `The compressed network says: ${best}.`
        : best === was
          ? `Both say: ${best}.`
          : `They differ: ${was} or ${best}?`;
}

function size(bytes: number): string {
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.round(bytes / 1e3)} kB`;
}

function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

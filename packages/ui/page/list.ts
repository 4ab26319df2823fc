import { compareNames } from '../src/items/compare-names.js';
import { createCompareLink } from './compare-link.js';
import { field, make } from './elements.js';
import type { Item } from './server.js';

/** All statuses, in sorting order. */
const STATUSES = ['running', 'elsewhere', 'failed', 'died', 'stopped', 'done'] as const;
/** Most rows that are shown; the filter finds others. */
const SHOWN = 500;

/** The list of all runs and studies. */
export interface List {
  readonly element: HTMLElement;
  update(): void;
}

type Order = 'name' | 'status' | 'changed';

/** Creates the list. Filter, order and selection are kept when items change. */
export function createList(items: ReadonlyMap<string, Item>): List {
  const chosen = new Set<string>();
  const rows = new Map<string, { readonly revision: number; readonly row: HTMLTableRowElement }>();
  const filter = make('input', { type: 'search', autocomplete: 'off' });
  const status = make(
    'select',
    {},
    make('option', { value: '' }, 'any'),
    ...STATUSES.map((each) => make('option', {}, each)),
  );
  const order = make(
    'select',
    {},
    ...(['name', 'status', 'changed'] as const).map((each) =>
      make('option', { value: each }, each === 'changed' ? 'last change' : each),
    ),
  );
  const compare = createCompareLink();
  const count = make('p', { class: 'muted', role: 'status' });
  const body = make('tbody');
  const heads = ['', 'folder', 'status', 'progress', 'result', 'last change'];
  const table = make(
    'table',
    {},
    make('caption', {}, 'Runs and studies'),
    make('thead', {}, make('tr', {}, ...heads.map((head) => make('th', { scope: 'col' }, head)))),
    body,
  );
  const element = make(
    'main',
    {},
    make('h1', {}, 'Runs and studies'),
    make(
      'div',
      { class: 'bar' },
      field('Filter', filter),
      field('Status', status),
      field('Order', order),
      compare.element,
    ),
    count,
    make('div', { class: 'list scroll' }, table),
  );

  const rowOf = (item: Item): HTMLTableRowElement => {
    const known = rows.get(item.id);
    if (known?.revision === item.revision) return known.row;
    const box = make('input', { type: 'checkbox', 'aria-label': `Compare ${item.name}` });
    box.checked = chosen.has(item.id);
    box.addEventListener('change', () => {
      if (box.checked) chosen.add(item.id);
      else chosen.delete(item.id);
      updateCompare();
    });
    const row = make(
      'tr',
      {},
      make('td', {}, item.isComparable ? box : undefined),
      make(
        'th',
        { scope: 'row' },
        make('a', { href: `/items/${item.id}` }, item.name),
        item.kind === 'run' ? '' : ` (${item.kind})`,
      ),
      make(
        'td',
        {},
        make('span', { class: `status ${item.status}` }, item.status),
        item.detail ? make('small', {}, item.detail) : undefined,
      ),
      make('td', {}, ...progressOf(item)),
      make('td', {}, item.result ?? ''),
      make('td', {}, when(item.changed)),
    );
    if (known && known.row.contains(document.activeElement)) keepFocus(known.row, row);
    known?.row.replaceWith(row);
    rows.set(item.id, { revision: item.revision, row });
    return row;
  };

  const updateCompare = () => compare.update([...chosen].filter((id) => items.get(id)?.isComparable));

  const update = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (item: Item) =>
      `${item.name} ${item.kind} ${item.status} ${item.detail ?? ''} ${item.result ?? ''}`.toLowerCase();
    const shown = [...items.values()]
      .filter((item) => status.value === '' || item.status === status.value)
      .filter((item) => words.every((word) => text(item).includes(word)))
      .sort(comparing(order.value as Order));
    const next = shown.slice(0, SHOWN).map(rowOf);
    if (next.length !== body.rows.length || next.some((row, at) => body.rows[at] !== row))
      body.replaceChildren(...next);
    const hidden = shown.length > SHOWN ? `; the first ${SHOWN} are shown` : '';
    count.textContent =
      items.size === 0
        ? 'Nothing here yet: a run appears with its first episode. `tersor compress` and `tersor study` write into their --out folder.'
        : `${shown.length} of ${items.size}${hidden}`;
    for (const id of rows.keys()) if (!items.has(id)) rows.delete(id);
    updateCompare();
  };
  for (const input of [filter, status, order]) input.addEventListener('input', update);
  return { element, update };
}

function progressOf({ progress, status }: Item): (Node | string)[] {
  if (!progress) return [];
  const text = `${progress.done} of ${progress.total} ${progress.of}`;
  if (status === 'done') return [text];
  const bar = make('progress', {
    max: String(progress.total),
    value: String(progress.done),
    'aria-label': text,
  });
  return [bar, make('small', {}, text)];
}

function comparing(order: Order): (a: Item, b: Item) => number {
  const byName = (a: Item, b: Item) => compareNames(a.name, b.name);
  if (order === 'changed') return (a, b) => b.changed - a.changed || byName(a, b);
  if (order === 'status')
    return (a, b) => STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status) || byName(a, b);
  return byName;
}

function when(milliseconds: number): string {
  return milliseconds > 0 ? new Date(milliseconds).toLocaleString() : '';
}

/** Moves the focus from an old row to the same element in the new one. */
function keepFocus(before: HTMLElement, after: HTMLElement): void {
  const at = [...before.querySelectorAll('a, input')].indexOf(document.activeElement!);
  queueMicrotask(() => (after.querySelectorAll<HTMLElement>('a, input')[at] ?? after).focus());
}

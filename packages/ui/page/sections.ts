import { field, make } from './elements.js';
import type { Section, View } from './server.js';

/** The function of reports that makes a part of a page interactive. */
declare global {
  interface Window {
    enhance(root: ParentNode): void;
  }
}

/** A table with at least this many rows has a filter. */
const FILTERED = 6;
/** Pattern of trial ids in tables. */
const TRIAL = /^[0-9a-f]{12}$/;

/** Shows a view, and on updates replaces only the parts that changed. */
export interface Shown {
  readonly element: HTMLElement;
  show(view: View): void;
}

/** @param trials for a study, the path to which the id of a trial is appended */
export function createSections(actions: HTMLElement, trials?: string): Shown {
  const title = make('h1');
  const lead = make('p', { class: 'muted' });
  const tiles = make('ul', { class: 'tiles' });
  const nav = make('nav', { 'aria-label': 'Sections' });
  const main = make('main');
  const element = make(
    'div',
    {},
    make(
      'header',
      {},
      make('p', {}, make('a', { href: '/' }, '← All runs and studies')),
      title,
      lead,
      actions,
      tiles,
      nav,
    ),
    main,
  );
  const bodies = new Map<string, { text: string; section: HTMLElement; body: HTMLElement }>();

  const sectionOf = ({ id, title: heading, body }: Section) => {
    const known = bodies.get(id);
    if (known) {
      if (known.text !== body) replace(known.body, body, trials);
      known.text = body;
      return known.section;
    }
    const content = make('div');
    const section = make('section', { 'aria-labelledby': id }, make('h2', { id }, heading), content);
    bodies.set(id, { text: body, section, body: content });
    replace(content, body, trials);
    return section;
  };

  return {
    element,
    show: (view) => {
      document.title = `${view.title} · Tersor`;
      title.textContent = view.title;
      lead.textContent = view.lead;
      tiles.replaceChildren(
        ...view.tiles.map(({ value, label }) => make('li', {}, make('b', {}, value), label)),
      );
      const sections = view.sections.map(sectionOf);
      if (
        sections.length !== main.children.length ||
        sections.some((each, at) => main.children[at] !== each)
      ) {
        main.replaceChildren(...sections);
        nav.replaceChildren(
          ...view.sections.flatMap(({ id, title: heading }) => [make('a', { href: `#${id}` }, heading), ' ']),
        );
      }
    },
  };
}

/** Replaces HTML, and keeps what the reader has opened, sorted, filtered and focused. */
function replace(place: HTMLElement, html: string, trials: string | undefined): void {
  const before = stateOf(place);
  place.innerHTML = html;
  window.enhance(place);
  for (const table of place.querySelectorAll('table')) addFilter(table);
  if (trials !== undefined) linkTrials(place, trials);
  for (const log of place.querySelectorAll('pre.log')) log.scrollTop = log.scrollHeight;
  before(place);
}

function stateOf(place: HTMLElement): (place: HTMLElement) => void {
  const opened = [...place.querySelectorAll('details')].map(({ open }) => open);
  const filters = [...place.querySelectorAll<HTMLInputElement>('.filter input')].map(({ value }) => value);
  const sorted = [...place.querySelectorAll('table')].map((table) => {
    const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
    const column = heads.findIndex((head) => head.hasAttribute('aria-sort'));
    return { column, clicks: heads[column]?.getAttribute('aria-sort') === 'descending' ? 2 : 1 };
  });
  const focusable = 'a, button, input, summary, [tabindex]';
  const focused = [...place.querySelectorAll(focusable)].indexOf(document.activeElement!);
  return (after) => {
    [...after.querySelectorAll('details')].forEach((each, at) => (each.open = opened[at] ?? false));
    [...after.querySelectorAll('table')].forEach((table, at) => {
      const { column = -1, clicks = 0 } = sorted[at] ?? {};
      const button = table.tHead?.rows[0]?.cells[column]?.querySelector('button');
      for (let click = 0; click < clicks; click++) button?.click();
    });
    [...after.querySelectorAll<HTMLInputElement>('.filter input')].forEach((input, at) => {
      input.value = filters[at] ?? '';
      if (input.value) input.dispatchEvent(new Event('input'));
    });
    if (focused >= 0) after.querySelectorAll<HTMLElement>(focusable)[focused]?.focus({ preventScroll: true });
  };
}

function addFilter(table: HTMLTableElement): void {
  const rows = [...(table.tBodies[0]?.rows ?? [])];
  if (rows.length < FILTERED) return;
  const input = make('input', { type: 'search', autocomplete: 'off' });
  const count = make('span', { class: 'muted', role: 'status' });
  input.addEventListener('input', () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent!.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown++;
    }
    count.textContent = words.length > 0 ? `${shown} of ${rows.length} rows` : '';
  });
  const name = table.caption?.textContent ?? 'rows';
  table.parentElement!.before(make('div', { class: 'filter' }, field(`Filter: ${name}`, input), count));
}

function linkTrials(place: HTMLElement, trials: string): void {
  for (const cell of place.querySelectorAll('tbody td, tbody th')) {
    const id = cell.textContent!;
    if (TRIAL.test(id)) cell.replaceChildren(make('a', { href: `${trials}${id}` }, id));
  }
}

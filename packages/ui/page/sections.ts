import { field, make } from './elements.js';
import { TRIALS_PLACE, type Section, type View } from './server.js';
import { createTrialTable, type StudyPaths, type TrialTable } from './trial-table.js';

/** The function of reports that makes a part of a page interactive. */
declare global {
  interface Window {
    enhance(root: ParentNode): void;
  }
}

/** A table with at least this many rows has a filter. */
const FILTERED = 6;
/** What is folded away is made when it is opened: of a large study it is most of the page. */
const folded = new WeakMap<HTMLDetailsElement, DocumentFragment>();
/** Pattern of trial ids in tables. */
const TRIAL = /^[0-9a-f]{12}$/;

/** Shows a view, and on updates replaces only the parts that changed. */
export interface Shown {
  readonly element: HTMLElement;
  show(view: View): void;
  /** Shows the trials of a study, which are there before its charts. */
  showTrials(): void;
}

/** @param study for the page of a study */
export function createSections(actions: HTMLElement, study?: StudyPaths): Shown {
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
  let trials: TrialTable | undefined;
  const bodies = new Map<string, { text: string; section: HTMLElement; body: HTMLElement }>();

  const sectionOf = ({ id, title: heading, body }: Section) => {
    const known = bodies.get(id);
    if (known) {
      if (known.text !== body) replace(known.body, body, study?.trial);
      known.text = body;
      return known.section;
    }
    const content = make('div');
    const section = make('section', { 'aria-labelledby': id }, make('h2', { id }, heading), content);
    bodies.set(id, { text: body, section, body: content });
    replace(content, body, study?.trial);
    const place = study && content.querySelector('[data-trials]');
    if (place) {
      trials = createTrialTable(study);
      place.replaceWith(trials.element);
    }
    return section;
  };

  return {
    element,
    showTrials: () => {
      if (main.childElementCount > 0) return;
      main.append(sectionOf({ id: 'trials', title: 'Trials', body: TRIALS_PLACE }));
      trials?.refresh();
      lead.textContent = 'Reading the study...';
    },
    show: (view) => {
      document.title = `${view.title} · Tersor`;
      title.textContent = view.title;
      lead.textContent = view.lead;
      tiles.replaceChildren(
        ...view.tiles.map(({ value, label }) => make('li', {}, make('b', {}, value), label)),
      );
      const sections = view.sections.map(sectionOf);
      trials?.refresh();
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
  const before = stateOf(place, trials);
  const template = document.createElement('template');
  template.innerHTML = html;
  for (const details of template.content.querySelectorAll('details')) fold(details, trials);
  place.replaceChildren(template.content);
  prepare(place, trials);
  for (const log of place.querySelectorAll('pre.log')) log.scrollTop = log.scrollHeight;
  before(place);
}

/** Makes a part of a page answer to pointer and keys. */
function prepare(place: HTMLElement, trials: string | undefined): void {
  window.enhance(place);
  for (const table of place.querySelectorAll('table')) addFilter(table);
  if (trials !== undefined) linkTrials(place, trials);
}

function fold(details: HTMLDetailsElement, trials: string | undefined): void {
  const content = document.createDocumentFragment();
  content.append(...[...details.children].slice(1));
  folded.set(details, content);
  details.addEventListener('toggle', () => details.open && unfold(details, trials));
}

function unfold(details: HTMLDetailsElement, trials: string | undefined): void {
  const content = folded.get(details);
  if (!content) return;
  folded.delete(details);
  const place = make('div');
  place.append(content);
  details.append(place);
  prepare(place, trials);
}

function stateOf(place: HTMLElement, trials: string | undefined): (place: HTMLElement) => void {
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
    [...after.querySelectorAll('details')].forEach((each, at) => {
      each.open = opened[at] ?? false;
      if (each.open) unfold(each, trials);
    });
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

import { createCompareLink } from './compare-link.js';
import { field, make, say } from './elements.js';
import { ask, PAGE_ROWS, type TrialPage } from './server.js';

/** What pages of a study have besides. */
export interface StudyPaths {
  /** Its id. */
  readonly item: string;
  /** Where its trials are asked for. */
  readonly ask: string;
  /** The page of a trial, without its id. */
  readonly trial: string;
}

/** The table of a study's trials: the server filters, sorts, and gives a page of rows at a time. */
export interface TrialTable {
  readonly element: HTMLElement;
  /** Asks for what is shown anew. */
  refresh(): void;
}

const STATUSES = ['done', 'failed', 'interrupted', 'missing'];
/** Typing is not answered letter by letter. */
const TYPING_MS = 150;

export function createTrialTable({ item, ask: path, trial: link }: StudyPaths): TrialTable {
  let sort: string | undefined;
  let isDescending = false;
  let from = 0;
  let asked = 0;
  let typing: ReturnType<typeof setTimeout> | undefined;
  const filter = make('input', { type: 'search', autocomplete: 'off' });
  const status = make(
    'select',
    {},
    make('option', { value: '' }, 'any'),
    ...STATUSES.map((each) => make('option', {}, each)),
  );
  const count = make('span', { class: 'muted', role: 'status' }, 'Reading the trials...');
  const previous = make('button', { class: 'action', type: 'button' }, 'Previous');
  const next = make('button', { class: 'action', type: 'button' }, 'Next');
  const pager = make('div', { class: 'bar' }, previous, next);
  const heads = make('tr');
  const body = make('tbody');
  const table = make('table', {}, make('caption', {}, 'Trials'), make('thead', {}, heads), body);
  const compare = createCompareLink();
  const chosen = new Set<string>();
  const choose = (trial: string) => {
    const box = make('input', { type: 'checkbox', 'aria-label': `Compare trial ${trial}` });
    box.checked = chosen.has(trial);
    box.addEventListener('change', () => {
      if (box.checked) chosen.add(trial);
      else chosen.delete(trial);
      compare.update([...chosen].map((each) => `${item}.${each}`));
    });
    return box;
  };
  const scroll = make(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Trials' },
    table,
  );
  const bar = make(
    'div',
    { class: 'bar filter' },
    field('Filter', filter),
    field('Status', status),
    compare.element,
    count,
  );
  const element = make('div', {}, bar, scroll, pager);
  pager.hidden = true;

  const show = (page: TrialPage) => {
    if (heads.childElementCount === 0) heads.append(make('th'), ...page.columns.map(headOf));
    for (const head of heads.cells) {
      if (sort !== undefined && head.textContent === sort)
        head.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    }
    showRows(body, page, link, choose);
    from = page.from;
    const shown = page.rows.length;
    const of =
      page.matching === page.total ? `${page.total} trials` : `${page.matching} of ${page.total} trials`;
    count.textContent = shown < page.matching ? `${from + 1} to ${from + shown} of ${of}` : of;
    pager.hidden = page.matching <= shown && from === 0;
    // A button that is disabled would lose the focus.
    previous.setAttribute('aria-disabled', String(from === 0));
    next.setAttribute('aria-disabled', String(from + shown >= page.matching));
  };

  const load = async () => {
    const own = ++asked;
    const order = isDescending ? 'descending' : 'ascending';
    const query = { ...(sort !== undefined && { sort, order }), filter: filter.value, status: status.value };
    const given = Object.entries({ ...query, from: String(from) }).filter(([, value]) => value !== '');
    try {
      const page = await ask<TrialPage>(`${path}?${new URLSearchParams(given)}`);
      if (own === asked) show(page);
    } catch (error) {
      if (own === asked) say((error as Error).message, true);
    }
  };
  const turn = (to: number) => {
    from = to;
    void load();
    scroll.scrollIntoView({ block: 'nearest' });
  };
  const headOf = ({ head, isNumber }: TrialPage['columns'][number]) => {
    const button = make('button', { type: 'button' }, head);
    button.addEventListener('click', () => {
      isDescending = sort === head ? !isDescending : false;
      sort = head;
      turn(0);
    });
    return make('th', { scope: 'col', class: isNumber ? 'number' : undefined }, button);
  };
  const step = (button: HTMLElement, rows: number) =>
    button.addEventListener('click', () => {
      if (button.getAttribute('aria-disabled') !== 'true') turn(Math.max(0, from + rows));
    });
  step(previous, -PAGE_ROWS);
  step(next, PAGE_ROWS);
  filter.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => turn(0), TYPING_MS);
  });
  status.addEventListener('input', () => turn(0));
  return { element, refresh: () => void load() };
}

/** Rows that say the same stay the same elements, and keep the focus. */
function showRows(
  body: HTMLTableSectionElement,
  { columns, rows }: TrialPage,
  link: string,
  choose: (trial: string) => HTMLElement,
): void {
  const status = columns.findIndex(({ head }) => head === 'status');
  const before = new Map([...body.rows].map((row) => [row.dataset['key'], row]));
  const next = rows.map(({ trial, cells }) => {
    const key = cells.join('\n');
    const known = before.get(key);
    if (known) return known;
    const parts = cells.map((text, at) => {
      const isName = columns[at]!.head === 'trial';
      const content = isName ? make('a', { href: `${link}${encodeURIComponent(trial)}` }, text) : text;
      if (at === 0) return make('th', { scope: 'row' }, content);
      return make('td', { class: columns[at]!.isNumber ? 'number' : undefined }, content);
    });
    const box = make('td', {}, cells[status] === 'done' ? choose(trial) : undefined);
    return make('tr', { 'data-key': key }, box, ...parts);
  });
  if (next.length !== body.rows.length || next.some((row, at) => body.rows[at] !== row))
    body.replaceChildren(...next);
}

import './style.css';
import { createItemPage } from './item-page.js';
import { createList } from './list.js';
import { follow, NARROW, type Item } from './server.js';

const items = new Map<string, Item>();
const place = document.getElementById('page')!;
const list = createList(items);
/** The current page, which is notified when the items that it shows change. */
let current: { readonly ids: readonly string[] | undefined; refresh(): void } = {
  ids: [],
  refresh: () => undefined,
};

/** Shows the page for the current address. */
function route(): void {
  const [, kind, ids = '', , trial] = location.pathname.split('/').map(decodeURIComponent);
  if (kind === 'items' && trial !== undefined) {
    const page = createItemPage(`/api/items/${encodeURIComponent(ids)}/trials/${encodeURIComponent(trial)}`);
    return open(page, [ids]);
  }
  if (kind === 'items') {
    const path = `/api/items/${encodeURIComponent(ids)}`;
    const study = { item: ids, ask: `${path}/trials`, trial: `/items/${encodeURIComponent(ids)}/trials/` };
    const page = createItemPage(path, { item: () => items.get(ids), study });
    return open(page, [ids]);
  }
  if (kind === 'compare')
    return open(createItemPage(`/api/compare?runs=${encodeURIComponent(ids)}`), ids.split(','));
  document.title = 'Tersor';
  open({ element: list.element, refresh: list.update }, undefined);
}

function open(
  page: { readonly element: HTMLElement; refresh(): void },
  ids: readonly string[] | undefined,
): void {
  place.replaceChildren(page.element);
  current = { ids, refresh: page.refresh };
  page.refresh();
}

document.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const href = link?.getAttribute('href');
  if (!isPlain || !href?.startsWith('/')) return;
  event.preventDefault();
  history.pushState(undefined, '', href);
  route();
  scrollTo(0, 0);
});
let shownPath = location.pathname;
addEventListener('popstate', () => {
  // A jump within the page only changes the part after #.
  if (location.pathname !== shownPath) route();
  shownPath = location.pathname;
});
route();
NARROW.addEventListener('change', () => current.refresh());
follow(items, (changed) => {
  shownPath = location.pathname;
  if (!current.ids || current.ids.some((id) => changed.has(id.split('.')[0]!))) current.refresh();
});

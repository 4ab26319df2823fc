import type { Item } from '../src/items/item.js';

export type { Item } from '../src/items/item.js';
export { PAGE_ROWS, TRIALS_PLACE, type TrialPage } from '../src/views/trial-rows.js';

/** A part of a page; `body` is HTML that the server has escaped. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

/** Content of the page of an item or a comparison. */
export interface View {
  readonly title: string;
  readonly lead: string;
  readonly tiles: readonly { readonly value: string; readonly label: string }[];
  readonly sections: readonly Section[];
}

/** A view from the server; stale if a newer one will be available soon. */
export interface Viewed {
  readonly item?: Item;
  readonly view: View;
  readonly isStale: boolean;
}

/** A message of the server about its items. */
interface Told {
  readonly all?: readonly Item[];
  readonly items?: readonly Item[];
  readonly gone?: readonly string[];
}

/** Requests JSON. Throws an error with the server's message. */
export async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const answer = await fetch(path, init);
  const content = (await answer.json().catch(() => ({ message: answer.statusText }))) as {
    message?: string;
    hint?: string;
  };
  if (!answer.ok) throw new Error([content.message, content.hint].filter(Boolean).join(' '));
  return content as T;
}

/** Whether the page is as narrow as a phone: its charts are drawn for that. */
export const NARROW = matchMedia('(max-width: 599px)');

/** Requests a view with charts that fit the page. Throws an error with the server's message. */
export async function askView(path: string): Promise<Viewed> {
  const width = NARROW.matches ? 'narrow' : 'wide';
  return ask(`${path}${path.includes('?') ? '&' : '?'}width=${width}`);
}

/** Performs the action of a button; returns the server's message. */
export async function act(id: string, action: 'stop' | 'resume'): Promise<string> {
  const headers = { 'x-tersor-ui': '1' };
  const { message } = await ask<{ message: string }>(`/api/items/${id}/${action}`, {
    method: 'POST',
    headers,
  });
  return message;
}

/** Keeps the items up to date; calls `onChange` with the ids that changed. */
export function follow(items: Map<string, Item>, onChange: (ids: ReadonlySet<string>) => void): void {
  const source = new EventSource('/api/events');
  const lost = document.getElementById('lost')!;
  source.onopen = () => void (lost.hidden = true);
  source.onerror = () => void (lost.hidden = false);
  source.onmessage = ({ data }) => {
    const { all, items: some = [], gone = [] } = JSON.parse(data as string) as Told;
    const before = new Map(items);
    if (all) items.clear();
    for (const item of [...(all ?? []), ...some]) items.set(item.id, item);
    for (const id of gone) items.delete(id);
    const ids = new Set([...before.keys(), ...items.keys()]);
    onChange(new Set([...ids].filter((id) => before.get(id)?.revision !== items.get(id)?.revision)));
  };
}

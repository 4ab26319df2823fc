import { make } from './elements.js';

/** The link to what was ticked, side by side. */
export interface CompareLink {
  readonly element: HTMLElement;
  update(ids: readonly string[]): void;
}

export function createCompareLink(): CompareLink {
  const element = make('a', { class: 'action', role: 'link' });
  const update = (ids: readonly string[]) => {
    element.textContent = ids.length < 2 ? 'Compare: choose two' : `Compare ${ids.length} runs`;
    if (ids.length < 2) {
      element.removeAttribute('href');
      element.setAttribute('aria-disabled', 'true');
    } else {
      element.href = `/compare/${ids.join(',')}`;
      element.removeAttribute('aria-disabled');
    }
  };
  update([]);
  return { element, update };
}

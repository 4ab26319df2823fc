import { make, say } from './elements.js';
import { createSections } from './sections.js';
import type { StudyPaths } from './trial-table.js';
import { act, askView, type Item } from './server.js';

/** The page of one item, of a trial, or of a comparison. */
export interface ItemPage {
  readonly element: HTMLElement;
  /** Asks for the newest view. */
  refresh(): void;
}

const RETRY_MS = 1500;

/**
 * @param path URL path of the view
 * @param item the item whose buttons are shown; none for trials and comparisons
 */
export function createItemPage(
  path: string,
  { item, study }: { readonly item?: () => Item | undefined; readonly study?: StudyPaths } = {},
): ItemPage {
  const buttons = make('div', { class: 'bar' });
  const { element, show, showTrials } = createSections(buttons, study);
  let isAsking = false;
  let isWanted = false;

  const refresh = async () => {
    updateButtons(buttons, item?.());
    if (item?.()?.kind === 'study') showTrials();
    isWanted = true;
    if (isAsking) return;
    isAsking = true;
    try {
      while (isWanted && (element.isConnected || !element.dataset['shown'])) {
        isWanted = false;
        const { view, isStale } = await askView(path);
        element.dataset['shown'] = 'true';
        show(view);
        if (!isStale) continue;
        isWanted = true;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    } catch (error) {
      show({ title: 'Nothing to show', lead: (error as Error).message, tiles: [], sections: [] });
    } finally {
      isAsking = false;
    }
  };
  return { element, refresh: () => void refresh() };
}

/** Updates the buttons in place, so that they keep the focus. */
function updateButtons(place: HTMLElement, item: Item | undefined): void {
  if (place.childElementCount === 0) {
    const stop = make('button', { class: 'action', type: 'button' }, 'Stop');
    const resume = make('button', { class: 'action', type: 'button' }, 'Resume');
    place.append(stop, resume, make('p'));
  }
  const [stop, resume] = [...place.children] as HTMLButtonElement[];
  const problem = place.lastElementChild as HTMLElement;
  stop!.hidden = !item?.canStop;
  resume!.hidden = item?.resume === undefined;
  const why = item?.resumeProblem;
  problem.hidden = why === undefined;
  const text = why === undefined ? '' : `It cannot be resumed from here. ${why}`;
  if (problem.textContent !== text) problem.textContent = text;
  place.hidden = stop!.hidden && resume!.hidden && problem.hidden;
  stop!.onclick = () => item && void perform(stop!, () => act(item.id, 'stop'));
  resume!.onclick = () =>
    item && confirmed(item.resume!, () => void perform(resume!, () => act(item.id, 'resume')));
}

async function perform(button: HTMLButtonElement, work: () => Promise<string>): Promise<void> {
  button.disabled = true;
  try {
    say(await work());
  } catch (error) {
    say((error as Error).message, true);
  } finally {
    button.disabled = false;
  }
}

/** Asks for confirmation, showing the command to be started, since a folder may come from somebody else. */
function confirmed(command: string, then: () => void): void {
  const yes = make('button', { class: 'action', value: 'yes' }, 'Start it');
  const no = make('button', { class: 'action', value: 'no' }, 'Cancel');
  const dialog = make(
    'dialog',
    { 'aria-labelledby': 'resume-title' },
    make(
      'form',
      { method: 'dialog' },
      make('h2', { id: 'resume-title' }, 'Resume'),
      make('p', {}, 'This will be started on this machine:'),
      make('pre', {}, command),
      yes,
      ' ',
      no,
    ),
  );
  dialog.addEventListener('close', () => {
    if (dialog.returnValue === 'yes') then();
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
}

import { SingleBar, type Options, type Params } from 'cli-progress';
import { roughly } from '../tables/study-preview.js';
import { coloursFor } from './colours.js';

/** How far something is. */
export interface BarState {
  readonly done: number;
  readonly total: number;
  /** What is counted: "images". */
  readonly unit: string;
  readonly note?: string;
}

/** A line at the bottom of a terminal that shows how far something is, and about how long it still takes. */
export interface Bar {
  update(state: BarState): void;
  /** Takes the bar off the screen, so that other lines can be written; the next update draws it again. */
  clear(): void;
  /** Takes it off for good: what still goes on, of work that was stopped, draws nothing any more. */
  end(): void;
}

const LEAST_BAR = 8;
const MOST_BAR = 30;

/** A bar on stderr; where that is no terminal, one that shows nothing. */
export function createBar(): Bar {
  if (!process.stderr.isTTY) {
    const nothing = () => undefined;
    return { update: nothing, clear: nothing, end: nothing };
  }
  let bar: SingleBar | undefined;
  let shown: Pick<BarState, 'total' | 'unit'> | undefined;
  let hasEnded = false;
  const clear = () => {
    bar?.stop();
    bar = undefined;
  };
  const end = () => {
    clear();
    hasEnded = true;
  };
  // A bar hides the cursor; a process that a signal ends gives it back.
  process.once('exit', clear);
  return {
    clear,
    end,
    update: ({ done, total, unit, note = '' }) => {
      if (hasEnded) return;
      if (shown?.unit !== unit || shown.total !== total) clear();
      shown = { total, unit };
      if (!bar) {
        bar = new SingleBar({
          format: barText,
          hideCursor: true,
          clearOnComplete: true,
          stream: process.stderr,
        });
        bar.start(total, done, { unit, note });
      }
      bar.update(done, { unit, note });
    },
  };
}

function barText(
  _options: Options,
  { value, total, eta, progress }: Params,
  { unit, note }: { unit: string; note: string },
): string {
  const left =
    Number.isFinite(Number(eta)) && Number(eta) > 0 && value < total ? `about ${roughly(eta)} left` : '';
  const text = [`${value}/${total} ${unit}`, note, left].filter(Boolean).join(', ');
  const room = (process.stderr.columns ?? 80) - text.length - 4;
  const size = Math.max(LEAST_BAR, Math.min(MOST_BAR, room));
  const full = Math.round(progress * size);
  const { cyan, dim } = coloursFor(process.stderr);
  return `  ${cyan('█'.repeat(full))}${dim('░'.repeat(size - full))} ${text}`;
}

import { SingleBar, type Options, type Params } from 'cli-progress';
import { roughly } from '../tables/study-preview.js';
import { coloursFor } from './colours.js';

/** State of a progress bar. */
export interface BarState {
  readonly done: number;
  readonly total: number;
  /** What is counted, for instance "images". */
  readonly unit: string;
  readonly note?: string;
}

/** A progress bar on the last line of a terminal, with the estimated remaining time. */
export interface Bar {
  update(state: BarState): void;
  /** Removes the bar from the screen so that other lines can be written; the next update draws it again. */
  clear(): void;
  /** Removes it for good: work that is still running after a stop draws nothing any more. */
  end(): void;
}

const LEAST_BAR = 8;
const MOST_BAR = 30;

/** A bar on stderr; if that is not a terminal, it shows nothing. */
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
  // A bar hides the cursor: restore it if a signal ends the process.
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

import type { PipelineEvents, PipelineProgress, PipelineRound, PipelineStage } from '@tersor/compression';
import { roughly } from '../tables/study-preview.js';
import { createBar } from './bar.js';
import { coloursFor } from './colours.js';

const TITLES: Record<PipelineStage, string> = {
  baseline: 'measuring the original',
  'prune-prepare': 'stage 1: preparing the search',
  prune: 'stage 1: pruning search',
  'prune-apply': 'stage 1: applying the policy',
  'prune-finish': 'stage 1: refitting the winner',
  'prune-refine': "stage 1: fitting the outputs to the original's",
  'prune-finetune': 'stage 1: fine-tune',
  'quantize-prepare': 'stage 2: preparing the search',
  quantize: 'stage 2: bit width search',
  'quantize-apply': 'stage 2: applying the policy',
  'quantize-calibrate': "stage 2: choosing codes by the layers' inputs",
  'quantize-refine': "stage 2: fitting the outputs to the original's",
  'quantize-finetune': 'stage 2: quantization-aware fine-tune',
  write: 'measuring and writing',
};

/** A step that takes longer than this prints a line when it is done. */
const LONG_SECONDS = 2;
/** An estimate below this many seconds is not printed. */
const WORTH_SAYING = 10;

/** Shows the progress of the pipeline. */
export interface Progress {
  readonly events: PipelineEvents;
  /** Removes the bar from the screen; calling this twice is harmless. */
  stop(): void;
  /** The same for good: work that is still running after a stop prints nothing any more. */
  end(): void;
}

/** Progress on stderr: a bar on a terminal, a few plain lines elsewhere, nothing if not enabled. */
export function createProgress({ enabled }: { readonly enabled: boolean }): Progress {
  if (!enabled) return { events: { onNotice: noteOn() }, stop: () => undefined, end: () => undefined };
  return process.stderr.isTTY ? barProgress() : lineProgress();
}

/** A function that prints a note, with a yellow label on a terminal. */
export function noteOn(before?: () => void): (text: string) => void {
  return (text) => {
    before?.();
    process.stderr.write(`${coloursFor(process.stderr).yellow('note:')} ${text}\n`);
  };
}

function title(stage: PipelineStage, round: PipelineRound | undefined): string {
  return `${TITLES[stage]}${round ? `, round ${round.number} of ${round.of}` : ''}`;
}

const onEstimate: NonNullable<PipelineEvents['onEstimate']> = ({ search, finetune, all }) => {
  if (all < WORTH_SAYING) return;
  const parts = [
    ...(search > 0 ? [`${roughly(search)} of searching`] : []),
    ...(finetune > 0 ? [`${roughly(finetune)} of training`] : []),
  ];
  process.stderr.write(
    `roughly ${roughly(all)} from here${parts.length > 0 ? `, ${parts.join(' and ')}` : ''}, estimated from the time that the original took\n`,
  );
};

function barProgress(): Progress {
  const bar = createBar();
  const { bold, dim } = coloursFor(process.stderr);
  let began: number | undefined;
  let last: PipelineProgress | undefined;
  let hasEnded = false;
  const stop = () => {
    bar.clear();
    const seconds = began === undefined ? 0 : (performance.now() - began) / 1000;
    const best = last?.best === undefined ? '' : `best ${last.best.toFixed(4)}, `;
    if (seconds > LONG_SECONDS) process.stderr.write(dim(`  ${best}${roughly(seconds)}\n`));
    began = last = undefined;
  };
  return {
    stop,
    end: () => {
      stop();
      bar.end();
      hasEnded = true;
    },
    events: {
      onStage: (stage, round) => {
        if (hasEnded) return;
        stop();
        process.stderr.write(`${bold(title(stage, round))}\n`);
        began = performance.now();
      },
      onNotice: noteOn(bar.clear),
      onEstimate: (estimate) => {
        stop();
        onEstimate(estimate);
      },
      onProgress: (progress) => {
        last = progress;
        bar.update({ ...progress, note: note(progress) });
      },
    },
  };
}

function lineProgress(): Progress {
  let nextLine = 0;
  return {
    stop: () => undefined,
    end: () => undefined,
    events: {
      onStage: (stage, round) => {
        nextLine = 0;
        process.stderr.write(`${title(stage, round)}\n`);
      },
      onNotice: noteOn(),
      onEstimate,
      onProgress: (progress) => {
        const { done, total, unit } = progress;
        if (done === 0 || unit === 'images' || (done < nextLine && done < total)) return;
        nextLine = done + Math.ceil(total / 5);
        process.stderr.write(`  ${done}/${total} ${note(progress) || unit}\n`);
      },
    },
  };
}

function note({ reward, best, loss, accuracy }: PipelineProgress): string {
  const parts = [
    reward !== undefined && `reward ${reward.toFixed(4)}`,
    best !== undefined && `best ${best.toFixed(4)}`,
    loss !== undefined && `loss ${loss.toFixed(3)}`,
    accuracy !== undefined && `accuracy ${(100 * accuracy).toFixed(1)}%`,
  ];
  return parts.filter(Boolean).join(', ');
}

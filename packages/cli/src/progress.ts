import { SingleBar } from 'cli-progress';
import type { PipelineEvents, PipelineRound, PipelineStage } from '@tersor/compression';

const TITLES: Record<PipelineStage, string> = {
  baseline: 'measuring the original',
  prune: 'stage 1: pruning search',
  'prune-apply': 'stage 1: carrying the policy out',
  'prune-refine': "stage 1: bringing the outputs back to the original's",
  'prune-finetune': 'stage 1: fine-tune',
  quantize: 'stage 2: bit width search',
  'quantize-apply': 'stage 2: carrying the policy out',
  'quantize-calibrate': 'stage 2: choosing codes by the inputs of the layers',
  'quantize-refine': "stage 2: bringing the outputs back to the original's",
  'quantize-finetune': 'stage 2: quantization-aware fine-tune',
  write: 'measuring and writing',
};

/** A display of the pipeline's progress. */
export interface Progress {
  readonly events: PipelineEvents;
  /** Takes the bar off the screen; twice is harmless. */
  stop(): void;
}

/** A progress bar on a terminal, a few plain lines elsewhere, nothing when not enabled. Writes to stderr. */
export function createProgress({ enabled }: { readonly enabled: boolean }): Progress {
  if (!enabled) return { events: { onNotice }, stop: () => undefined };
  return process.stderr.isTTY ? barProgress() : lineProgress();
}

function title(stage: PipelineStage, round: PipelineRound | undefined): string {
  return `${TITLES[stage]}${round ? `, round ${round.number} of ${round.of}` : ''}`;
}

function onNotice(text: string): void {
  process.stderr.write(`note: ${text}\n`);
}

function barProgress(): Progress {
  let bar: SingleBar | undefined;
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    stop,
    events: {
      onStage: (stage, round) => {
        stop();
        process.stderr.write(`${title(stage, round)}\n`);
      },
      onNotice,
      onProgress: ({ done, total, reward, best, loss }) => {
        if (!bar) {
          bar = new SingleBar({
            format: '  {bar} {value}/{total} {note} ETA {eta_formatted}',
            barsize: 24,
            hideCursor: true,
            stream: process.stderr,
          });
          bar.start(total, 0, { note: '' });
        }
        bar.update(done, { note: note({ reward, best, loss }) });
      },
    },
  };
}

function lineProgress(): Progress {
  let nextLine = 0;
  return {
    stop: () => undefined,
    events: {
      onStage: (stage, round) => {
        nextLine = 0;
        process.stderr.write(`${title(stage, round)}\n`);
      },
      onNotice,
      onProgress: ({ done, total, reward, best, loss }) => {
        if (done < nextLine && done < total) return;
        nextLine = done + Math.ceil(total / 5);
        process.stderr.write(`  ${done}/${total} ${note({ reward, best, loss })}\n`);
      },
    },
  };
}

function note({
  reward,
  best,
  loss,
}: {
  reward?: number | undefined;
  best?: number | undefined;
  loss?: number | undefined;
}): string {
  const parts = [
    reward !== undefined && `reward ${reward.toFixed(4)}`,
    best !== undefined && `best ${best.toFixed(4)}`,
    loss !== undefined && `loss ${loss.toFixed(3)}`,
  ];
  return parts.filter(Boolean).join(', ');
}

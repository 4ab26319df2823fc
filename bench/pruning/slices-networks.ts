// The networks of slices.ts, and their settings.
import type { TrainOptions } from '@tersor/compression';
import { EXAMPLE, VGG19_MODEL } from './networks.js';

/** What `slices.ts` measures of a network. */
export interface Network {
  readonly model: string;
  /** Share of the multiply-adds that may be left, zeroed slices not counted. */
  readonly budgets: readonly number[];
  readonly minimum: number;
  readonly multiple: number;
  /** Share of the slices that the heuristic leaves while it spreads channels. */
  readonly share: number;
  readonly images: { readonly train: number; readonly validation: number; readonly test: number };
  readonly finetune: TrainOptions;
}

const FINETUNE = {
  schedule: 'cosine',
  batchSize: 50,
  momentum: 0.9,
  weightDecay: 0.0005,
  labelSmoothing: 0,
  temperature: 2,
  freezeStatistics: true,
  augmentation: { flip: true, shift: 4 },
} as const;

export const NETWORKS: Readonly<Record<string, Network>> = {
  example: {
    model: EXAMPLE.model,
    budgets: [0.3, 0.15],
    minimum: 0.05,
    multiple: 1,
    share: 0.8,
    images: { train: 1500, validation: 1000, test: 2000 },
    finetune: { ...FINETUNE, epochs: 2, learningRate: 0.001, distill: 0 },
  },
  vgg19: {
    model: VGG19_MODEL,
    budgets: [0.2],
    minimum: 0.02,
    multiple: 8,
    share: 0.8,
    images: { train: 1500, validation: 1000, test: 2000 },
    finetune: { ...FINETUNE, epochs: 1, learningRate: 0.001, distill: 0 },
  },
};

/** What a finished episode measured, and the same figures of the original network. */
export interface EpisodeMeasures {
  /** Top-1 accuracy on the validation images, 0..1. */
  readonly accuracy: number;
  /**
   * Mean Kullback-Leibler divergence of the outputs from the original network's, in nats; only where the
   * reward `needs` it.
   */
  readonly divergence?: number;
  readonly macs: number;
  readonly parameters: number;
  readonly bytes: number;
  /**
   * Bit operations (multiply-adds times weight bits times input bits); only in stage 2, and only where they
   * are limited or activations are rounded.
   */
  readonly bops?: number;
  /** Milliseconds for one image as a latency table predicts them; only where the budget has a latency. */
  readonly latency?: number;
  /** What the candidate uses of each limit of the budget, by its name there and in its unit. */
  readonly limits?: Readonly<Record<string, number>>;
  readonly baseline: {
    readonly accuracy: number;
    readonly macs: number;
    readonly parameters: number;
    readonly bytes: number;
    readonly latency?: number;
  };
}

/** A named pure function of an episode's measures; the higher, the better. */
export interface Reward {
  readonly id: string;
  /** What it needs besides the accuracy, and what takes time to measure. */
  readonly needs?: 'divergence';
  evaluate(measures: EpisodeMeasures): number;
}

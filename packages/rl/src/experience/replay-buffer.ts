import type { Random } from '@tersor/core';

/** One step as the replay buffer keeps it; the action in the units of the agent's networks. */
export interface ReplayStep {
  readonly observation: readonly number[];
  readonly action: readonly number[];
  readonly reward: number;
  readonly nextObservation: readonly number[];
  /** Whether the value of the next state counts: false at an episode's natural end. */
  readonly continues: boolean;
}

/** A batch of steps, each part row-major. */
export interface ReplayBatch {
  readonly observations: Float32Array;
  readonly actions: Float32Array;
  readonly rewards: Float32Array;
  readonly nextObservations: Float32Array;
  /** 1 where the value of the next state counts, else 0. */
  readonly continues: Float32Array;
}

export interface ReplayOptions {
  readonly observationSize: number;
  readonly actionSize: number;
  /** Whole episodes that are kept. */
  readonly capacity: number;
  /**
   * Share of the capacity that is reserved for the best episodes (NNCF's AutoQ keeps 0.3); 0 forgets the
   * oldest first.
   */
  readonly keepBest?: number;
}

interface Episode {
  readonly score: number;
  readonly length: number;
  /** [length, observation + action + reward + next observation + continues]. */
  readonly rows: Float32Array;
}

/** Remembers whole episodes and samples steps uniformly from them. */
export class ReplayBuffer {
  private episodes: Episode[] = [];
  private readonly rowLength: number;
  private steps = 0;

  constructor(private readonly options: ReplayOptions) {
    this.rowLength = 2 * options.observationSize + options.actionSize + 2;
  }

  /** Steps that are remembered. */
  get size(): number {
    return this.steps;
  }

  /**
   * Adds an episode; `score` ranks it among the best. Over capacity, the oldest that is not among the best
   * leaves.
   */
  add(steps: readonly ReplayStep[], score: number): void {
    const rows = new Float32Array(steps.length * this.rowLength);
    steps.forEach(({ observation, action, reward, nextObservation, continues }, i) => {
      rows.set(
        [...observation, ...action, reward, ...nextObservation, Number(continues)],
        i * this.rowLength,
      );
    });
    this.episodes.push({ score, length: steps.length, rows });
    this.steps += steps.length;
    if (this.episodes.length <= this.options.capacity) return;
    const reserved = Math.min(
      this.options.capacity - 1,
      Math.floor(this.options.capacity * (this.options.keepBest ?? 0)),
    );
    const best = new Set([...this.episodes].sort((a, b) => b.score - a.score).slice(0, reserved));
    const leaving = this.episodes.findIndex((episode) => !best.has(episode));
    this.steps -= this.episodes[leaving]!.length;
    this.episodes.splice(leaving, 1);
  }

  /** Draws `batch` steps uniformly, with replacement. */
  sample(batch: number, random: Random): ReplayBatch {
    return this.batchOf(Array.from({ length: batch }, () => this.row(random.integer(this.steps))));
  }

  /** The steps of the episode with the highest score, the first of several; one has to be remembered. */
  best(): ReplayBatch {
    const best = this.episodes.reduce((most, each) => (each.score > most.score ? each : most));
    return this.batchOf(
      Array.from({ length: best.length }, (_, i) =>
        best.rows.subarray(i * this.rowLength, (i + 1) * this.rowLength),
      ),
    );
  }

  private batchOf(rows: readonly Float32Array[]): ReplayBatch {
    const { observationSize, actionSize } = this.options;
    const batch = rows.length;
    const parts = {
      observations: new Float32Array(batch * observationSize),
      actions: new Float32Array(batch * actionSize),
      rewards: new Float32Array(batch),
      nextObservations: new Float32Array(batch * observationSize),
      continues: new Float32Array(batch),
    };
    for (const [i, row] of rows.entries()) {
      const rewardAt = observationSize + actionSize;
      parts.observations.set(row.subarray(0, observationSize), i * observationSize);
      parts.actions.set(row.subarray(observationSize, rewardAt), i * actionSize);
      parts.rewards[i] = row[rewardAt]!;
      parts.nextObservations.set(
        row.subarray(rewardAt + 1, rewardAt + 1 + observationSize),
        i * observationSize,
      );
      parts.continues[i] = row[this.rowLength - 1]!;
    }
    return parts;
  }

  /**
   * All that the buffer holds, as structured-cloneable data that later changes do not reach: episodes are
   * never written again.
   */
  save(): unknown {
    return [...this.episodes];
  }

  load(state: unknown): void {
    this.episodes = [...(state as Episode[])];
    this.steps = this.episodes.reduce((sum, { length }) => sum + length, 0);
  }

  private row(index: number): Float32Array {
    let rest = index;
    for (const { length, rows } of this.episodes) {
      if (rest < length) return rows.subarray(rest * this.rowLength, (rest + 1) * this.rowLength);
      rest -= length;
    }
    throw new RangeError(`Step ${index} of ${this.steps}.`);
  }
}

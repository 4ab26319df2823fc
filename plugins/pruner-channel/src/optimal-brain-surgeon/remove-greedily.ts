/** A layer that reads the channels of a group, seen as what it costs to take one of them away. */
export interface ReaderErrors {
  /**
   * By channel, how much the relative squared error of the layer's output rises when that channel goes next.
   * Means nothing for channels that are gone.
   */
  readonly rises: Float64Array;
  /** Removes a channel, and works out the rises of those that are left. */
  remove(channel: number): void;
}

/** In which order the channels of a group go, and what is lost with them. */
export interface RemovalOrder {
  /** All channels; the first one goes first. */
  readonly order: readonly number[];
  /**
   * Error of the readers, summed, after `removed` channels went: `channels + 1` values that begin with 0 and
   * never fall.
   */
  readonly errors: Float64Array;
}

/**
 * Removes the channels of a group one by one, each time the one whose loss raises the error of all its
 * readers together the least. Of equal channels the last one goes first.
 */
export function removeGreedily(readers: readonly ReaderErrors[], channels: number): RemovalOrder {
  const left = Array.from({ length: channels }, (_, channel) => channel);
  const order: number[] = [];
  const errors = new Float64Array(channels + 1);
  while (left.length > 0) {
    let [best, least] = [0, Infinity];
    left.forEach((channel, at) => {
      let rise = 0;
      for (const { rises } of readers) rise += rises[channel]!;
      if (rise <= least) [best, least] = [at, rise];
    });
    const [channel] = left.splice(best, 1);
    order.push(channel!);
    errors[order.length] = errors[order.length - 1]! + least;
    if (left.length > 0) for (const reader of readers) reader.remove(channel!);
  }
  return { order, errors };
}

/** Parts of one layer that lose the same channels, the groups of a convolution: the mean of their errors. */
export function averageReader(parts: readonly ReaderErrors[]): ReaderErrors {
  const rises = new Float64Array(parts[0]!.rises.length);
  const measure = () => {
    for (let channel = 0; channel < rises.length; channel++)
      rises[channel] = parts.reduce((sum, part) => sum + part.rises[channel]!, 0) / parts.length;
  };
  measure();
  return {
    rises,
    remove: (channel) => {
      for (const part of parts) part.remove(channel);
      measure();
    },
  };
}

/**
 * A layer that can't be refit, or whose inputs were not observed: as if its inputs were independent and of
 * equal variance, so that a channel costs its share of the squared weights and nothing makes up for it.
 * @param squares by channel, the sum of the squares of the weights that read it
 * @param total sum of the squares of all of the layer's weights
 */
export function independentReader(squares: Float64Array, total: number): ReaderErrors {
  return { rises: squares.map((square) => (total > 0 ? square / total : 0)), remove: () => undefined };
}

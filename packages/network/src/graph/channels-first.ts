import type { GraphLayer } from '@tersor/core';

/** Whether a layer's images are [channels, height, width] rather than [height, width, channels]. */
export function isChannelsFirst({ config }: Pick<GraphLayer, 'config'>): boolean {
  return config['data_format'] === 'channels_first';
}

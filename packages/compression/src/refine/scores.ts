import type { Backend, LayerGraph } from '@tersor/core';
import { joined, networkOutput } from '@tersor/network';

/** Images that run at once. */
const CHUNK = 250;

/** What the last layer's softmax or sigmoid is taken of, image after image. */
export async function scoresOf(
  graph: LayerGraph,
  backend: Pick<Backend, 'compile'>,
  images: Float32Array,
  count: number,
): Promise<Float32Array> {
  const session = await backend.compile(networkOutput(graph).graph, { precision: 'float32' });
  try {
    const size = images.length / count;
    const parts: Float32Array[] = [];
    for (let from = 0; from < count; from += CHUNK)
      parts.push(await session.run(images.slice(from * size, Math.min(count, from + CHUNK) * size)));
    return joined(parts);
  } finally {
    session.dispose();
  }
}

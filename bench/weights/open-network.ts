// The network, the images and the backend that a config names, for benches that quantize it.
import { dirname, join, resolve } from 'node:path';
import { layersWithKernels, withHalfPrecision } from '@tersor/compression';
import {
  compressConfigSchema,
  createHost,
  modelParts,
  readConfig,
  selectorParts,
  TOKENS,
  type Backend,
  type Dataset,
  type LayerGraph,
  type Split,
} from '@tersor/core';
import { readNetwork } from '@tersor/network';

const ROOT = resolve(__dirname, '../..');

export interface OpenNetwork {
  readonly model: string;
  readonly backendName: string;
  readonly backend: Backend;
  readonly dataset: Dataset;
  /** With the weights that a packed file keeps as they are in half precision. */
  readonly graph: LayerGraph;
  /** Names of the layers that get bits. */
  readonly layers: readonly string[];
  /** Images of the split, and their labels. */
  readonly images: Float32Array;
  readonly labels: Int32Array;
  /** Outputs of a network of this kind on these images. */
  outputsOf(network: LayerGraph): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Opens what a config names, as `tersor compress` does. */
export async function openNetwork(path: string, split: Split, seed: number): Promise<OpenNetwork> {
  const config = await readConfig(path, compressConfigSchema);
  const use =
    typeof config.backend === 'object' && 'train' in config.backend
      ? config.backend.evaluate
      : config.backend;
  const selector = selectorParts(use as Parameters<typeof selectorParts>[0]);
  const host = await createHost({
    slots: [
      { kind: 'backend', name: '', path: 'backend', ...selector },
      { kind: 'dataset', name: '', path: 'dataset', ...selectorParts(config.dataset) },
    ],
    directory: dirname(path),
    seed,
    searchFrom: [join(ROOT, 'packages/cli')],
  });
  const backend = await host.get(TOKENS.backend);
  const dataset = await host.get(TOKENS.dataset);
  await backend.activate();
  const model = resolve(dirname(path), modelParts(config.model).path);
  const graph = withHalfPrecision(await readNetwork(model));
  const all = Array.from({ length: dataset.size(split) }, (_, i) => i);
  const { images, labels } = await dataset.read(split, all);
  return {
    model,
    backendName: selector.use,
    backend,
    dataset,
    graph,
    layers: layersWithKernels(graph).map(({ name }) => name),
    images,
    labels,
    outputsOf: async (network) => {
      const session = await backend.compile(network);
      try {
        return await session.run(images);
      } finally {
        session.dispose();
      }
    },
    close: () => host.dispose(),
  };
}

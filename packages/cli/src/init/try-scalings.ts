import { createEvaluator, requireFitting } from '@tersor/compression';
import { createHost, TOKENS, type Backend, type LayerGraph, type Plugin } from '@tersor/core';

/** Enough images to tell the right scaling from wrong ones. */
const IMAGES = 500;

/** A way to scale pixels, and the accuracy of the model with it. */
export interface TriedScaling {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Accuracy on validation images, 0..1. */
  readonly accuracy: number;
  readonly images: number;
}

/** What to try the scalings with. */
export interface Trying {
  readonly graph: LayerGraph;
  readonly backend: Backend;
  readonly plugin: Plugin<'dataset'>;
  /** Options of the data set, without the scaling. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Folder that its paths are relative to. */
  readonly directory: string;
  onTry?(name: string, done: number, total: number): void;
}

/**
 * Measures the accuracy of a model with every scaling that the data set supports, or only with that of the
 * options if they set one. Best first. Throws what opening the data set and `requireFitting` throw.
 */
export async function tryScalings(trying: Trying): Promise<TriedScaling[]> {
  const { plugin, options } = trying;
  const known = Object.entries(plugin.scalings ?? {});
  const isGiven = known.some(([, scaling]) => Object.keys(scaling).some((key) => key in options));
  const scalings = isGiven || known.length === 0 ? [['as given', {}] as const] : known;
  const tried: TriedScaling[] = [];
  for (const [name, scaling] of scalings) {
    trying.onTry?.(name, tried.length, scalings.length);
    tried.push({ name, options: scaling, ...(await accuracyWith(trying, scaling)) });
  }
  return tried.sort((a, b) => b.accuracy - a.accuracy);
}

async function accuracyWith(
  { graph, backend, plugin, options, directory }: Trying,
  scaling: Readonly<Record<string, unknown>>,
): Promise<Pick<TriedScaling, 'accuracy' | 'images'>> {
  const slot = {
    kind: 'dataset',
    name: '',
    path: 'dataset',
    use: plugin.id,
    options: { ...options, ...scaling },
  } as const;
  const host = await createHost({ slots: [slot], directory, seed: 1, builtins: [plugin] });
  try {
    const dataset = await host.get(TOKENS.dataset);
    requireFitting(graph, dataset, graph.name);
    const split = dataset.size('validation') > 0 ? 'validation' : 'test';
    const evaluator = await createEvaluator({
      backend,
      dataset,
      split,
      images: IMAGES,
      onNotFinite: () => undefined,
    });
    return { accuracy: await evaluator.accuracy(graph), images: evaluator.count };
  } finally {
    await host.dispose();
  }
}

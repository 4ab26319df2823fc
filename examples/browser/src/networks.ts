import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { loadModel, type LoadedModel, type ModelDescription } from '@tersor/runtime';

/** A network of models.json, which prepare.ts writes. */
export interface NetworkEntry {
  readonly id: string;
  readonly name: string;
  /** What the network was made for, and how it was compressed; a sentence for the visitor. */
  readonly about: string;
  /** `url` is absent where the original cannot be published. */
  readonly original: { readonly bytes: number; readonly url?: string };
  readonly packed: { readonly bytes: number; readonly url: string };
  /** Accuracy on all test images, as the run measured it. */
  readonly accuracy: { readonly original: number; readonly packed: number };
  /** What input and output mean, where the file does not say it itself. */
  readonly description?: ModelDescription;
  /** Labelled images to try, as records of CIFAR-10. */
  readonly images?: string;
}

export interface LoadedNetwork<M extends LayersModel = LayersModel> {
  readonly model: M;
  readonly milliseconds: number;
}

/** Both forms of a network. The caller disposes the models. */
export interface NetworkPair {
  readonly entry: NetworkEntry;
  readonly packed: LoadedNetwork<LoadedModel>;
  readonly original: LoadedNetwork | undefined;
}

export async function fetchNetworks(): Promise<NetworkEntry[]> {
  return (await fetch('models.json')).json() as Promise<NetworkEntry[]>;
}

/** Loads both, one after the other, so that each has the connection to itself. */
export async function loadPair(
  entry: NetworkEntry,
  signal: AbortSignal,
  onText: (text: string) => void,
): Promise<NetworkPair> {
  onText(`Loading the compressed ${entry.name}...`);
  const packed = await timed(() =>
    loadModel(entry.packed.url, {
      signal,
      worker: true,
      onProgress: ({ loaded, total = entry.packed.bytes }) =>
        onText(`Loading the compressed ${entry.name}: ${Math.round((100 * loaded) / total)}%`),
    }),
  );
  Object.assign(packed.model, { ...entry.description, ...ownDescription(packed.model) });
  const { url } = entry.original;
  if (url === undefined) return { entry, packed, original: undefined };
  const onProgress = (share: number) =>
    onText(`Loading the original ${entry.name}: ${Math.round(100 * share)}%`);
  const original = await timed(() => loadLayersModel(url, { onProgress })).catch(() => undefined);
  if (signal.aborted) {
    packed.model.dispose();
    original?.model.dispose();
    signal.throwIfAborted();
  }
  return { entry, packed, original };
}

function ownDescription({ preprocessing, classNames }: ModelDescription): ModelDescription {
  return { ...(preprocessing && { preprocessing }), ...(classNames && { classNames }) };
}

export function disposePair({ packed, original }: NetworkPair): void {
  packed.model.dispose();
  original?.model.dispose();
}

async function timed<M extends LayersModel>(load: () => Promise<M>): Promise<LoadedNetwork<M>> {
  const start = performance.now();
  const model = await load();
  return { model, milliseconds: performance.now() - start };
}

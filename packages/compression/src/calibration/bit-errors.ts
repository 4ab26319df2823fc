import {
  decodeTensor,
  type BitErrors,
  type GraphLayer,
  type KernelMoments,
  type LayerGraph,
  type Quantizer,
} from '@tersor/core';
import { probeWeights, type OutputLoss, type Probe } from '@tersor/network';
import { encodeLayer } from '../policy/quantized-graph.js';
import { outputError } from './output-error.js';

/** A layer is probed at its fewest bits plus each of these. */
const PROBED = [0, 1, 2, 4];

interface BitErrorsOptions {
  /** The quantizer of the search, which keeps its codes. */
  readonly quantizer: Quantizer;
  /** By `layer/kernel`. */
  readonly moments: ReadonlyMap<string, KernelMoments>;
  /** The network with one layer at so many bits, its means corrected. */
  quantized(layer: GraphLayer, bits: number): LayerGraph;
  /**
   * Makes the measure of what outputs lose, where layers are probed; without it the errors of all layers
   * count alike.
   */
  openLoss?(): Promise<OutputLoss>;
  /** Told how many layers have been probed. */
  onProbed?(done: number, total: number): void;
}

/**
 * The error of each layer's outputs, relative to these. Where layers are probed, errors are put on the scale
 * of the network's outputs: each layer alone gets its fewest bits and one, two and four more, and the
 * divergence of the outputs over the layer's error is its weight there (`probeWeights`). Codes, errors and
 * probes are made once.
 */
export function createBitErrors(options: BitErrorsOptions): BitErrors {
  const { quantizer, moments, quantized, openLoss } = options;
  const errors = new Map<string, number>();
  /** Of the layer's outputs, where its inputs are known; else of its weights. */
  const errorOf = (layer: GraphLayer, bits: number, ofWeights: number): number => {
    const key = `${layer.name}@${bits}`;
    let error = errors.get(key);
    if (error !== undefined) return error;
    error = 0;
    for (const [name, tensor] of encodeLayer(quantizer, layer, bits)) {
      const found = moments.get(name);
      const kernel = layer.weights.find((weight) => name === `${layer.name}/${weight.name}`)!.data;
      error += found ? outputError(found, kernel, decodeTensor(tensor)) : ofWeights;
    }
    errors.set(key, error);
    return error;
  };
  let loss: Promise<OutputLoss> | undefined;
  const divergences = new Map<string, number>();
  const divergenceAt = async (layer: GraphLayer, bits: number): Promise<number> => {
    const key = `${layer.name}@${bits}`;
    const known = divergences.get(key);
    if (known !== undefined) return known;
    loss ??= openLoss!();
    const found = await (await loss)(quantized(layer, bits));
    divergences.set(key, found);
    return found;
  };
  return async (question) => {
    const {
      layers,
      bits: [fewest, most],
    } = question;
    const error = (at: number, bits: number) => errorOf(layers[at]!, bits, question.error(at, bits));
    if (!openLoss) return error;
    const weights: ((bits: number) => number)[] = [];
    for (const [at, layer] of layers.entries()) {
      const isNew = !divergences.has(`${layer.name}@${fewest}`);
      const probes: Probe[] = [];
      for (const bits of new Set(PROBED.map((more) => Math.min(most, fewest + more))))
        probes.push({ at: bits, error: error(at, bits), divergence: await divergenceAt(layer, bits) });
      weights.push(probeWeights(probes));
      if (isNew) options.onProbed?.(at + 1, layers.length);
    }
    return (at, bits) => error(at, bits) * weights[at]!(bits);
  };
}

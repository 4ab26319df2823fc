import { codedWeights } from './codes.js';
import { gathered, sourceIndexes } from './kernel-order.js';
import { findWeight, shared, weightOf, type WriteSite } from '../site.js';

/** How a kernel of the layer graph is reordered for ONNX. */
export interface KernelOrder {
  /** The weight's role. */
  readonly role: string;
  /** A shape to view it in first; by default its own. */
  readonly view?: readonly number[];
  /** Axis i of the result is axis `perm[i]` of the view. */
  readonly perm: readonly number[];
  /** Its shape in the file. */
  readonly shape: readonly number[];
}

/** A kernel as a constant, or as the operators that decode it; shared by all calls of a layer. */
export function kernelOf(site: WriteSite, { role, view, perm, shape }: KernelOrder): string {
  const { draft, layer, codes, inputs } = site;
  const weight = weightOf(site, role);
  const name = `${layer.name}/${role}`;
  const tensor = codes.get(`${layer.name}/${weight.name}`);
  const integer = inputs[0]?.rounded === true;
  const key = [name, view, perm, shape, tensor && integer].join(':');
  return shared(draft, key, () => {
    const indexes = sourceIndexes(view ?? weight.shape, perm);
    return tensor
      ? codedWeights({ draft, name, tensor, indexes, shape, integer })
      : draft.values(name, shape, gathered(weight.data, indexes));
  });
}

/** The bias as a constant, as a list to append after the kernel; empty if the layer has none. */
export function biasOf(site: WriteSite): string[] {
  const { draft, layer } = site;
  const bias = findWeight(site, 'bias');
  const name = `${layer.name}/bias`;
  return bias ? [shared(draft, name, () => draft.values(name, bias.shape, bias.data))] : [];
}

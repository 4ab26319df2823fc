import { layerName, type KerasWeight } from '@tersor/network';
import type { Tensor } from './value.js';

/** A layer under construction. */
export interface Draft {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly string[];
  readonly weights: readonly KerasWeight[];
}

/** The parts that a layer is built from. */
export interface Layer {
  readonly className: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly inputs: readonly Tensor[];
  readonly shape: Tensor['shape'];
  readonly weights?: readonly KerasWeight[];
  /** Suffix after the node's name, if the layer is one of several of the node. */
  readonly ending?: string;
}

/** The layers of a graph, in the order of its nodes. */
export class Builder {
  readonly drafts = new Map<string, Draft>();

  add(name: string, { className, config, inputs, shape, weights, ending }: Layer): Tensor {
    const wanted = layerName(ending === undefined ? name : `${name}/${ending}`);
    let own = wanted;
    for (let i = 1; this.drafts.has(own); i++) own = `${wanted}_${i}`;
    this.drafts.set(own, {
      name: own,
      className,
      config: { ...config },
      inputs: inputs.map(({ layer }) => layer),
      weights: weights ?? [],
    });
    return { kind: 'tensor', layer: own, shape };
  }

  /** The functional Keras topology of the layers that the outputs depend on. */
  topology(name: string, inputs: readonly string[], outputs: readonly string[]): Record<string, unknown> {
    const reference = (layer: string) => [layer, 0, 0];
    const needed = new Set([...inputs, ...outputs]);
    for (const draft of [...this.drafts.values()].reverse())
      if (needed.has(draft.name)) draft.inputs.forEach((input) => needed.add(input));
    return {
      class_name: 'Model',
      config: {
        name,
        layers: [...this.drafts.values()]
          .filter((draft) => needed.has(draft.name))
          .map((draft) => ({
            class_name: draft.className,
            name: draft.name,
            config: { ...draft.config, name: draft.name },
            inbound_nodes:
              draft.inputs.length > 0 ? [draft.inputs.map((layer) => [...reference(layer), {}])] : [],
          })),
        input_layers: inputs.map(reference),
        output_layers: outputs.map(reference),
      },
    };
  }
}

/**
 * A network as plain data, read from a tfjs LayersModel. All reasoning (channel groups, cost, plans, surgery)
 * is pure functions over this; tensors appear only in backends and in training.
 */
export interface LayerGraph {
  readonly name: string;
  /** Layers by unique name. Layers of nested models are inlined as `outer/inner`. */
  readonly layers: readonly GraphLayer[];
  /**
   * Calls in topological order; a layer that is shared is called more than once. A call's index names its
   * output tensor.
   */
  readonly calls: readonly LayerCall[];
  /** Indexes of the calls (of class `InputLayer`) that are the model's inputs. */
  readonly inputs: readonly number[];
  /** Indexes of the calls whose outputs are the model's outputs. */
  readonly outputs: readonly number[];
  /**
   * What the model's file says beside topology and weights; it goes into every file that is written from the
   * graph.
   */
  readonly metadata?: ModelMetadata;
}

/** Fields of a tfjs `model.json` that belong to the user. */
export interface ModelMetadata {
  readonly userDefinedMetadata?: Readonly<Record<string, unknown>>;
  readonly signature?: Readonly<Record<string, unknown>>;
  /** The program that made a LayersModel of another format. */
  readonly convertedBy?: string;
}

/** A layer: its Keras class and config, and its weights. */
export interface GraphLayer {
  readonly name: string;
  /** Keras class name, for instance `Conv2D`. */
  readonly className: string;
  /** The Keras config as tfjs writes it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: readonly WeightTensor[];
}

/** A weight array of a layer. */
export interface WeightTensor {
  /**
   * Role within the layer, unique there: `kernel`, `bias`, `gamma`, `beta`, `moving_mean`,
   * `depthwise_kernel`, ...; in wrappers the role stands after the wrapped layer: `forward_lstm/kernel`.
   */
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** False for statistics (moving mean and variance), which are not learned by gradient. */
  readonly trainable: boolean;
}

/** One application of a layer. */
export interface LayerCall {
  /** Name of the layer that is applied. */
  readonly layer: string;
  /** Indexes of the calls whose outputs are this call's inputs, in order. */
  readonly inputs: readonly number[];
  /**
   * Shape of one sample's output, without the batch dimension; `undefined` where the model leaves a size
   * open.
   */
  readonly outputShape: readonly (number | undefined)[];
}

import type { ActivationRange } from './environment-task.js';
import type { LayerGraph } from './layer-graph.js';
import type { EncodedTensor } from './quantizer.js';
import type { ModelContent } from './run-identity.js';

/** What formats see of a model's path. It is read once for all formats. */
export interface ModelPlace {
  /** Absolute path of a file or a folder. */
  readonly path: string;
  /** Names of a folder's entries. */
  readonly entries?: readonly string[];
  /** The first bytes, 64 KiB at most, of a file; empty for a folder. */
  readonly head: Uint8Array;
}

/** Quantized weights of a network as small integers, by `layer/weight`. */
export type WeightCodes = ReadonlyMap<string, EncodedTensor>;

/** How a network is quantized, for formats that can hold more than the float values of its weights. */
export interface Quantization {
  /** Integers of the quantized weights; the graph holds the values that they stand for. */
  readonly codes: WeightCodes;
  /** How the inputs of layers are rounded, by layer; absent if they are not. */
  readonly activations?: Readonly<Record<string, ActivationRange & { readonly bits: number }>>;
}

/** A model file, opened in the runtime that such files are made for. */
export interface FormatReference {
  /** Its name in messages, usually a package. */
  readonly engine: string;
  /**
   * Outputs for a batch. Inputs and outputs have the axis order of the network that is read from the file.
   * @param inputs values of each input, image by image
   */
  run(inputs: readonly Float32Array[]): Promise<readonly Float32Array[]>;
  dispose(): Promise<void>;
}

/** A kind of model file. It computes nothing, so it can read and write without a backend. */
export interface Format {
  readonly id: string;
  /** What its files are, for the list of formats, for instance `a packed .tersor file`. */
  readonly files: string;
  /** Whether a file or folder has this format, judged quickly by name and first bytes. */
  recognises(place: ModelPlace): boolean;
  /**
   * Reads the network, in the vocabulary of docs/guide/layer-graph.md. Throws `MODEL_INVALID` for a damaged
   * file, `MODEL_UNSUPPORTED` for a network that cannot be expressed in that vocabulary.
   */
  read(path: string): Promise<LayerGraph>;
  /**
   * Paths of all files of the model at a path. A budget in bytes counts them, and they are never overwritten.
   * By default, the file itself or all files of the folder.
   */
  parts?(path: string): Promise<readonly string[]>;
  /**
   * Identifies the content of the files, independent of their names and of how it is split into files. By
   * default, a hash of their bytes.
   */
  content?(path: string): Promise<ModelContent>;
  /**
   * The weights that the files hold as small integers; `decodeTensor` gives the values that `read` does. Left
   * out, there are none.
   */
  codes?(path: string): Promise<WeightCodes>;
  /**
   * Writes a network into an empty folder, and gives the name of the entry that `read` takes (`.` for the
   * folder as a whole). A format that cannot hold how it is quantized writes the graph as it is.
   */
  write?(graph: LayerGraph, folder: string, quantization?: Quantization): Promise<string>;
  /**
   * What of a network `write` keeps, for `read` to give again: its layers and weights, to the bit
   * (`layers`, and where this is left out), or what it computes (`outputs`), of a format that has other words
   * for layers than the layer graph.
   */
  readonly keeps?: 'layers' | 'outputs';
  /**
   * The network that files of `write` hold, where an option of the format asks for rounded weights, or it
   * holds rounded activations. Left out, it is the network that was given.
   */
  stored?(graph: LayerGraph, quantization?: Quantization): LayerGraph;
  /**
   * The file at a path in the runtime that it is made for, to compare the network with that was read from it.
   * Throws `BACKEND_UNAVAILABLE` where that is not installed. Left out, there is none.
   */
  reference?(path: string, graph: LayerGraph): Promise<FormatReference>;
  /**
   * Whether the model at a path was written by Tersor, so that another may take its place and names. Left
   * out, nothing that is there is ever replaced.
   */
  mayReplace?(path: string): Promise<boolean>;
}

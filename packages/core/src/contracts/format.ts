import type { ActivationRange } from './environment-task.js';
import type { LayerGraph } from './layer-graph.js';
import type { EncodedTensor } from './quantizer.js';
import type { ModelContent } from './run-identity.js';

/** What lies at the path of a model, as far as formats are told of it. It is read once, for all of them. */
export interface ModelPlace {
  /** Absolute path of a file or a folder. */
  readonly path: string;
  /** Names of what is in it, where it is a folder. */
  readonly entries?: readonly string[];
  /** The first bytes, 64 KiB at most, of a file; empty for a folder. */
  readonly head: Uint8Array;
}

/** Quantized weights of a network as the small integers that they are, by `layer/weight`. */
export type WeightCodes = ReadonlyMap<string, EncodedTensor>;

/** How a network is quantized, for formats that can hold more than the float values of its weights. */
export interface Quantization {
  /** What weights are made of; the graph holds the same values. */
  readonly codes: WeightCodes;
  /** How the inputs of layers are rounded, by layer; absent where they are not. */
  readonly activations?: Readonly<Record<string, ActivationRange & { readonly bits: number }>>;
}

/** A model file, opened in the runtime that such files are made for. */
export interface FormatReference {
  /** What it is, for messages: a package, mostly. */
  readonly engine: string;
  /**
   * Outputs for a batch. Inputs and outputs lie as those of the network that is read from the file.
   * @param inputs values of each input, image by image
   */
  run(inputs: readonly Float32Array[]): Promise<readonly Float32Array[]>;
  dispose(): Promise<void>;
}

/** A kind of model file. It computes nothing: no backend need be there while it reads or writes. */
export interface Format {
  readonly id: string;
  /** What its files are, in a few words, for the list of formats: `a packed .tersor file`. */
  readonly files: string;
  /** Whether a file or folder is one of its own: by name and first bytes, at once. */
  recognises(place: ModelPlace): boolean;
  /**
   * Reads the network, in the vocabulary of docs/guide/layer-graph.md. Throws `MODEL_INVALID` for a file that
   * is damaged, `MODEL_UNSUPPORTED` for a network that the vocabulary has no words for.
   */
  read(path: string): Promise<LayerGraph>;
  /**
   * Paths of all files that hold the model at a path: they are counted by a budget in bytes, and never
   * written over. Left out, it is the file itself, or all files of the folder.
   */
  parts?(path: string): Promise<readonly string[]>;
  /**
   * What the files hold, whatever they are called and however they are cut. Left out, a hash of their bytes.
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

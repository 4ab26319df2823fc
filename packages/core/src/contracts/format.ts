import type { LayerGraph } from './layer-graph.js';
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
   * Writes a network into an empty folder, weights exact to the bit, and gives the name of the entry that
   * `read` takes (`.` for the folder as a whole).
   */
  write?(graph: LayerGraph, folder: string): Promise<string>;
  /**
   * The network that files of `write` hold, where an option of the format asks for rounded weights. Left out,
   * it is the network that was given.
   */
  stored?(graph: LayerGraph): LayerGraph;
  /**
   * Whether the model at a path was written by Tersor, so that another may take its place and names. Left
   * out, nothing that is there is ever replaced.
   */
  mayReplace?(path: string): Promise<boolean>;
}

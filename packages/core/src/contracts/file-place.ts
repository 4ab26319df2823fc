/**
 * A place for named files: a folder, a bucket, memory. Names are relative, with `/` between their parts
 * (`checkpoint/state.json`); a name with `..` or an absolute one is refused with an error. Whatever fails
 * rejects, and changes nothing.
 */
export interface FilePlace {
  /** Writes a file whole or not at all: who reads at the same time gets the old content or the new one. */
  put(name: string, content: Uint8Array): Promise<void>;
  /** The content of a file; undefined where there is none. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Names of all files, or of those below a folder; in alphabetical order. */
  list(folder?: string): Promise<readonly string[]>;
  /** Removes a file, or all files below a folder; nothing happens where there is none. */
  remove(name: string): Promise<void>;
  /**
   * Absolute path of the folder in which the files lie under their names, where they do: a program on the
   * same machine can then read and write them itself.
   */
  readonly folder?: string;
}

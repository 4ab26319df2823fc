declare module 'jsfive' {
  /** An HDF5 group. Members throw strings and errors of every kind where the file is damaged. */
  export class Group {
    readonly attrs: Record<string, unknown>;
    readonly keys: string[];
    readonly _links: Record<string, unknown>;
    get(name: string): Group | Dataset | null;
  }
  export class File extends Group {
    constructor(bytes: ArrayBuffer, name?: string);
  }
  export class Dataset {
    readonly attrs: Record<string, unknown>;
    readonly shape: number[];
    readonly dtype: unknown;
    readonly value: unknown[];
    /** What its messages say; the version of jsfive is fixed. */
    readonly _dataobjects: {
      readonly chunks: number[] | null;
      readonly fh: ArrayBuffer;
      find_msg_type(type: number): Map<string, unknown>[];
      /** Version, dimensions, layout, and where the rest of the message is. */
      _get_data_message_properties(offset: number): [number, number | undefined, number, number];
    };
  }
  /** What unpacks stored chunks, by the number of the HDF5 filter. */
  export const Filters: Map<number, (packed: ArrayBuffer, itemBytes: number) => ArrayBuffer>;
}

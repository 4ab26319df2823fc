/**
 * Measured time of one layer by its channels. The layer stands for what a backend runs with it in one go: the
 * batch norm, activation, dropout and flatten after it that alone read its result.
 */
export interface LayerLatency {
  /** Name of the layer; `name#2`, `name#3`, ... for further calls of a shared layer. */
  readonly layer: string;
  /** Its Keras class. */
  readonly className: string;
  /**
   * Input channels that it was measured at, ascending; one entry where the time is given by the output alone
   * or the input never changes.
   */
  readonly inputs: readonly number[];
  /** Output channels, ascending; one entry where they never change. */
  readonly outputs: readonly number[];
  /** Median milliseconds for one image, by input, then output. */
  readonly milliseconds: readonly (readonly number[])[];
}

/** A whole network that was predicted and measured. */
export interface LatencyCheck {
  /** `original`, or `random 1`, `random 2`, ...: channel counts drawn for every group. */
  readonly network: string;
  /** Multiply-adds. */
  readonly macs: number;
  /** Milliseconds for one image. */
  readonly predicted: number;
  readonly measured: number;
  /** `predicted / measured - 1`. */
  readonly relativeError: number;
}

/** The browser that a table was measured in. */
export interface TableBrowser {
  readonly name: string;
  readonly version: string;
  readonly userAgent: string;
  /** The graphics adapter as the browser names it; absent on wasm, which has none. */
  readonly adapter?: string | undefined;
  /** There where a software adapter was measured because that was asked for. */
  readonly software?: true | undefined;
  /** Threads of wasm. */
  readonly threads?: number | undefined;
}

/**
 * What `tersor profile` writes: the time of every layer of one model on one backend, at several channel
 * counts. Plain JSON.
 */
export interface LatencyTable {
  readonly version: 1;
  /** Hash of layers, shapes and connections: weights may change. */
  readonly model: { readonly name: string; readonly fingerprint: string };
  /** Id of the backend; the tfjs backend of the page where it was measured in a browser. */
  readonly backend: string;
  /** There where it was measured in a browser. */
  readonly browser?: TableBrowser | undefined;
  /** Platform, processor and cores. */
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  /** What the backend says of itself: threads, library, allocator. */
  readonly details: Readonly<Record<string, string | number>>;
  /** Images of one run. All times are the run's, divided by them. */
  readonly images: number;
  /** Milliseconds for one image to get into the network and its result out of it. */
  readonly transfer: number;
  readonly layers: readonly LayerLatency[];
  /** How well the table predicts whole networks. */
  readonly check: readonly LatencyCheck[];
}

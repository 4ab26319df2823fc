/** `validation` is held out of the training images; nothing is ever tuned on `test`. */
export type Split = 'train' | 'validation' | 'test';

/** Images, normalised, with labels. */
export interface LabelledImages {
  /** NHWC, float32: `count * height * width * channels` values. */
  readonly images: Float32Array;
  /** Class indexes, one per image. */
  readonly labels: Int32Array;
}

/** How an image file becomes the values of `LabelledImages`. */
export interface Preprocessing {
  /** Height and width of the images. */
  readonly size: readonly [height: number, width: number];
  /** Pixels that the shorter side is resized to before the middle is cut out; absent, the size itself. */
  readonly resize?: number;
  /** Channels, each `(pixel / 255 - mean) / std`, in `order`; one for grey images. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly order: 'rgb' | 'bgr';
}

/** A labelled image set with three splits. */
export interface Dataset {
  readonly id: string;
  /** Height, width, channels of every image. */
  readonly imageShape: readonly [height: number, width: number, channels: number];
  readonly classNames: readonly string[];
  /** Value range that a shifted crop is padded with: the normalised value of a black pixel, per channel. */
  readonly padValue: readonly number[];
  /** What `describe: true` writes into the model's files; absent, they say the class names alone. */
  readonly preprocessing?: Preprocessing;
  /** Number of images of a split. */
  size(split: Split): number;
  /** Reads the images at the given positions of a split. Throws `DATASET_INVALID`. */
  read(split: Split, indexes: readonly number[]): Promise<LabelledImages>;
  /**
   * A word for the content of all splits, for instance a hash: the same for the same images, labels and order
   * in another place or process, another one when any of these changed. A run goes on only with the data that
   * it began with. Seconds at most, also for a large data set (paths and sizes of files instead of their
   * bytes). Left out, a sample of the images of every split stands for all.
   */
  fingerprint?(): Promise<string>;
}

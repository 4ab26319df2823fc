/** `validation` is held out of the training images; nothing is ever tuned on `test`. */
export type Split = 'train' | 'validation' | 'test';

/** Images, normalised, with labels. */
export interface LabelledImages {
  /** NHWC, float32: `count * height * width * channels` values. */
  readonly images: Float32Array;
  /** Class indexes, one per image. */
  readonly labels: Int32Array;
}

/** A labelled image set with three splits. */
export interface Dataset {
  readonly id: string;
  /** Height, width, channels of every image. */
  readonly imageShape: readonly [height: number, width: number, channels: number];
  readonly classNames: readonly string[];
  /** Value range that a shifted crop is padded with: the normalised value of a black pixel, per channel. */
  readonly padValue: readonly number[];
  /** Number of images of a split. */
  size(split: Split): number;
  /** Reads the images at the given positions of a split. Throws `DATASET_INVALID`. */
  read(split: Split, indexes: readonly number[]): Promise<LabelledImages>;
}

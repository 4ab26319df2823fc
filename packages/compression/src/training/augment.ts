/** Random changes of training images. */
export interface Augmentation {
  /** Mirror half of the images left to right. */
  readonly flip: boolean;
  /** Shift by up to this many pixels in each direction, filling with the pad value. */
  readonly shift: number;
  /**
   * Side, in pixels, of a square at a random place that is filled with the pad value (DeVries and Taylor
   * 2017); none when absent or 0.
   */
  readonly cutout?: number | undefined;
}

/**
 * Flips, shifts and cuts every image of a batch by its own random choice.
 * @param images NHWC, count * height * width * channels values; left as it is
 * @param padValue value of the pixels shifted in, per channel
 * @returns a new array of the same size
 */
export function augment(
  images: Float32Array,
  [height, width, channels]: readonly [number, number, number],
  padValue: readonly number[],
  { flip, shift, cutout = 0 }: Augmentation,
  random: () => number,
): Float32Array {
  const size = height * width * channels;
  const result = new Float32Array(images.length);
  for (let start = 0; start < images.length; start += size) {
    const mirrored = flip && random() < 0.5;
    const down = shift === 0 ? 0 : Math.floor(random() * (2 * shift + 1)) - shift;
    const right = shift === 0 ? 0 : Math.floor(random() * (2 * shift + 1)) - shift;
    let to = start;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const fromY = y - down;
        const shiftedX = x - right;
        const inside = fromY >= 0 && fromY < height && shiftedX >= 0 && shiftedX < width;
        const fromX = mirrored ? width - 1 - shiftedX : shiftedX;
        const from = start + (fromY * width + fromX) * channels;
        for (let c = 0; c < channels; c++) result[to++] = inside ? images[from + c]! : padValue[c]!;
      }
    }
    if (cutout > 0)
      cutSquare(result.subarray(start, start + size), [height, width, channels], padValue, cutout, random);
  }
  return result;
}

/**
 * The centre may be any pixel, so that a square at the border is cut off there, as in the paper (section
 * 3.2).
 */
function cutSquare(
  image: Float32Array,
  [height, width, channels]: readonly [number, number, number],
  padValue: readonly number[],
  side: number,
  random: () => number,
): void {
  const top = Math.floor(random() * height) - (side >> 1);
  const left = Math.floor(random() * width) - (side >> 1);
  for (let y = Math.max(0, top); y < Math.min(height, top + side); y++) {
    for (let x = Math.max(0, left); x < Math.min(width, left + side); x++)
      image.set(padValue, (y * width + x) * channels);
  }
}

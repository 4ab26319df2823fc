/** Random changes of training images. */
export interface Augmentation {
  /** Mirror half of the images left to right. */
  readonly flip: boolean;
  /** Shift by up to this many pixels in each direction, filling with the pad value. */
  readonly shift: number;
}

/**
 * Flips and shifts every image of a batch by its own random choice.
 * @param images NHWC, count * height * width * channels values; left as it is
 * @param padValue value of the pixels shifted in, per channel
 * @returns a new array of the same size
 */
export function augment(
  images: Float32Array,
  [height, width, channels]: readonly [number, number, number],
  padValue: readonly number[],
  { flip, shift }: Augmentation,
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
  }
  return result;
}

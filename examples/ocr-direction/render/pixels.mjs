// What a camera does to a line of text: blur and noise, on RGB values. Loops, since a data set is millions.

/** A Gaussian blur of width x height x 3 values, edges repeated; `sigma` in pixels. */
export function blurred(pixels, width, height, sigma) {
  const rows = blurredLines(pixels, height, width * 3, width, 3, sigma);
  return blurredLines(rows, width, 3, height, width * 3, sigma);
}

/** `lines` lines that begin `stride` apart, each of `length` pixels that are `step` apart. */
function blurredLines(from, lines, stride, length, step, sigma) {
  const radius = Math.ceil(2.5 * sigma);
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const total = kernel.reduce((sum, value) => sum + value, 0);
  const to = new Float32Array(from.length);
  for (let line = 0; line < lines; line++) {
    for (let at = 0; at < length; at++) {
      const place = line * stride + at * step;
      for (let k = -radius; k <= radius; k++) {
        const share = kernel[k + radius] / total;
        const other = line * stride + Math.min(length - 1, Math.max(0, at + k)) * step;
        for (let c = 0; c < 3; c++) to[place + c] += share * from[other + c];
      }
    }
  }
  return to;
}

/** Adds normal noise to the brightness of each pixel. */
export function addNoise(random, pixels, deviation) {
  for (let i = 0; i < pixels.length; i += 3) {
    const noise = deviation * random.normal();
    for (let c = 0; c < 3; c++) pixels[i + c] += noise;
  }
}

// Lines as they are kept, and as the network takes them. In Node and in pages.

export const HEIGHT = 48;
export const WIDTH = 192;
const AREA = HEIGHT * WIDTH;
/** Bytes of a line: 1 where it is upside down, else 0; then its pixels, row by row, red first. */
export const RECORD = 1 + 3 * AREA;

/**
 * The lines of a file.
 * @param {Uint8Array} bytes
 * @returns {{ label: number, pixels: Uint8Array }[]}
 */
export function linesOf(bytes) {
  return Array.from({ length: Math.floor(bytes.length / RECORD) }, (_, i) => ({
    label: bytes[i * RECORD],
    pixels: bytes.subarray(i * RECORD + 1, (i + 1) * RECORD),
  }));
}

/**
 * Lines as the input of the ONNX file: n x 3 x 48 x 192, blue first, -1 to 1.
 * @param {readonly { pixels: Uint8Array }[]} lines
 */
export function toInput(lines) {
  const values = new Float32Array(lines.length * 3 * AREA);
  lines.forEach(({ pixels }, n) => {
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < AREA; i++) values[(3 * n + c) * AREA + i] = pixels[3 * i + 2 - c] / 127.5 - 1;
    }
  });
  return values;
}

/**
 * Three products of row-major float32 matrices: all that a dense layer needs. Small on purpose; the inner loops run along memory, four terms at
 * a time, so that a compiler without vector instructions does well on them.
 */

/** `out [rows, columns] += a [rows, inner] b [inner, columns]`: a layer's forward pass. */
export function addProduct(out: Float32Array, a: Float32Array, b: Float32Array, rows: number, inner: number, columns: number): void {
  for (let row = 0; row < rows; row++) addCombination(out, row * columns, a, row * inner, 1, b, inner, columns);
}

/** `out [inner, columns] += aᵀ b` with `a [rows, inner]`, `b [rows, columns]`: the gradient of a layer's weights. */
export function addTransposedProduct(out: Float32Array, a: Float32Array, b: Float32Array, rows: number, inner: number, columns: number): void {
  for (let index = 0; index < inner; index++) addCombination(out, index * columns, a, index, inner, b, rows, columns);
}

/** `out [rows, inner] = a [rows, columns] bᵀ` with `b [inner, columns]`: the gradient of a layer's input. */
export function productTransposed(out: Float32Array, a: Float32Array, b: Float32Array, rows: number, inner: number, columns: number): void {
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    for (let index = 0; index < inner; index++) {
      const other = index * columns;
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      let j = 0;
      for (; j + 3 < columns; j += 4) {
        s0 += a[start + j]! * b[other + j]!;
        s1 += a[start + j + 1]! * b[other + j + 1]!;
        s2 += a[start + j + 2]! * b[other + j + 2]!;
        s3 += a[start + j + 3]! * b[other + j + 3]!;
      }
      for (; j < columns; j++) s0 += a[start + j]! * b[other + j]!;
      out[row * inner + index] = s0 + s1 + s2 + s3;
    }
  }
}

/** Adds to one row of `out` the rows of `b`, each times its factor `factors[start + stride * row]`. */
function addCombination(out: Float32Array, at: number, factors: Float32Array, start: number, stride: number, b: Float32Array, rows: number, columns: number): void {
  let row = 0;
  for (; row + 3 < rows; row += 4) {
    const f0 = factors[start + stride * row]!;
    const f1 = factors[start + stride * (row + 1)]!;
    const f2 = factors[start + stride * (row + 2)]!;
    const f3 = factors[start + stride * (row + 3)]!;
    // Half of the factors behind a relu are zero; four at once seldom are, but a dead unit's are in every sample.
    if (f0 === 0 && f1 === 0 && f2 === 0 && f3 === 0) continue;
    const b0 = row * columns;
    const b1 = b0 + columns;
    const b2 = b1 + columns;
    const b3 = b2 + columns;
    for (let j = 0; j < columns; j++) {
      out[at + j] = out[at + j]! + f0 * b[b0 + j]! + f1 * b[b1 + j]! + f2 * b[b2 + j]! + f3 * b[b3 + j]!;
    }
  }
  for (; row < rows; row++) {
    const factor = factors[start + stride * row]!;
    const other = row * columns;
    for (let j = 0; j < columns; j++) out[at + j] = out[at + j]! + factor * b[other + j]!;
  }
}

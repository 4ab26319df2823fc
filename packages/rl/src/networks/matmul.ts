import { createMatmulKernel, type MatmulKernel } from './matmul-kernel.js';

const PAGE = 65536;
const FLOAT = 4;

let kernel: MatmulKernel | undefined;
let memory = new Float32Array(0);

/** `a [rows, inner] b [inner, columns]`, row-major: a layer's forward pass. `inner` is at least 1. */
export function product(
  a: Float32Array,
  b: Float32Array,
  rows: number,
  inner: number,
  columns: number,
): Float32Array {
  return multiply(a, b, rows, inner, columns, inner, 1);
}

/** `aᵀ b` with `a [inner, rows]`, `b [inner, columns]`: the gradient of a layer's weights. */
export function transposedProduct(
  a: Float32Array,
  b: Float32Array,
  rows: number,
  inner: number,
  columns: number,
): Float32Array {
  return multiply(a, b, rows, inner, columns, 1, rows);
}

/** Copies the operands into the kernel's memory, runs it, and copies the result out without its padding. */
function multiply(
  a: Float32Array,
  b: Float32Array,
  rows: number,
  inner: number,
  columns: number,
  aRow: number,
  aInner: number,
): Float32Array {
  const [paddedRows, paddedColumns] = [roundUp(rows, 4), roundUp(columns, 8)];
  // Room after each operand for the rows and columns that are read past its end.
  const aEnd = a.length + 4 * Math.max(inner, rows);
  const bEnd = aEnd + b.length + 8;
  reserve(bEnd + paddedRows * paddedColumns);
  memory.set(a, 0);
  memory.set(b, aEnd);
  kernel!.multiply(
    0,
    aEnd * FLOAT,
    bEnd * FLOAT,
    rows,
    inner,
    columns,
    aRow * FLOAT,
    aInner * FLOAT,
    columns * FLOAT,
    paddedColumns * FLOAT,
  );
  if (columns === paddedColumns) return memory.slice(bEnd, bEnd + rows * columns);
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const start = bEnd + row * paddedColumns;
    if (columns === 1) out[row] = memory[start]!;
    else out.set(memory.subarray(start, start + columns), row * columns);
  }
  return out;
}

function reserve(floats: number): void {
  kernel ??= createMatmulKernel();
  const missing = floats * FLOAT - kernel.memory.buffer.byteLength;
  if (missing > 0) kernel.memory.grow(Math.ceil(missing / PAGE));
  if (memory.buffer !== kernel.memory.buffer) memory = new Float32Array(kernel.memory.buffer);
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

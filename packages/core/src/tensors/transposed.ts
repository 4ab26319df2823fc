/** The transpose of a matrix [rows, columns], row-major, as a new array of the same type. */
export function transposed<Values extends Float32Array | Float64Array>(
  values: Values,
  rows: number,
  columns: number,
): Values {
  const result = new (values.constructor as new (length: number) => Values)(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      result[column * rows + row] = values[row * columns + column]!;
  return result;
}

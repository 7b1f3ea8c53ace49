/** A random matrix with orthonormal columns (rows ≥ columns): the Q of a Gaussian matrix, R's diagonal positive. */

import type { Random } from "./random.ts";

export function orthogonal(rows: number, columns: number, draw: Random): Float64Array {
  const found: Float64Array[] = [];
  for (let k = 0; k < columns; k++) {
    const column = Float64Array.from({ length: rows }, () => draw.normal());
    // Gram, Schmidt; twice is enough for full precision (Giraud et al. 2005).
    for (let pass = 0; pass < 2; pass++) for (const other of found) subtract(column, other, dot(column, other));
    const norm = Math.sqrt(dot(column, column));
    found.push(column.map((value) => value / norm));
  }
  const matrix = new Float64Array(rows * columns);
  found.forEach((column, k) => column.forEach((value, j) => (matrix[j * columns + k] = value)));
  return matrix;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, j) => sum + value * b[j]!, 0);
}

function subtract(from: Float64Array, other: Float64Array, factor: number): void {
  for (let j = 0; j < from.length; j++) from[j]! -= factor * other[j]!;
}

/**
 * The matrix products of a recurrence, over contiguous float64 arrays, row by row.
 *
 * The batch is the innermost axis: W is [M, K], x is [K, B], and every inner loop runs over B neighbours.
 */

/** out [M, B] += W [M, K] x [K, B] */
export function addProduct(out: Float64Array, W: Float64Array, x: Float64Array, B: number): void {
  const M = out.length / B;
  const K = x.length / B;
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K; k++) {
      const w = W[m * K + k]!;
      for (let b = 0; b < B; b++) out[m * B + b]! += w * x[k * B + b]!;
    }
  }
}

/** out [K, B] += Wᵀ [K, M] d [M, B] */
export function addTransposed(out: Float64Array, W: Float64Array, d: Float64Array, B: number): void {
  const K = out.length / B;
  const M = d.length / B;
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K; k++) {
      const w = W[m * K + k]!;
      for (let b = 0; b < B; b++) out[k * B + b]! += w * d[m * B + b]!;
    }
  }
}

/** dW [M, K] += d [M, B] xᵀ [B, K] */
export function addOuter(dW: Float64Array, d: Float64Array, x: Float64Array, B: number): void {
  const M = d.length / B;
  const K = x.length / B;
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K; k++) {
      let sum = 0;
      for (let b = 0; b < B; b++) sum += d[m * B + b]! * x[k * B + b]!;
      dW[m * K + k]! += sum;
    }
  }
}

/** out [M, B] += bias [M], the same for every sequence */
export function addBias(out: Float64Array, bias: Float64Array, B: number): void {
  for (let m = 0; m < bias.length; m++) for (let b = 0; b < B; b++) out[m * B + b]! += bias[m]!;
}

/** dBias [M] += the sum of d [M, B] over the batch */
export function addSums(dBias: Float64Array, d: Float64Array, B: number): void {
  for (let m = 0; m < dBias.length; m++) for (let b = 0; b < B; b++) dBias[m]! += d[m * B + b]!;
}

export function sigmoid(a: number): number {
  return 1 / (1 + Math.exp(-a));
}

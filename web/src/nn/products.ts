/**
 * The matrix products of a recurrence, over contiguous float64 arrays, row by row.
 *
 * The batch is the innermost axis: W is [M, K], x is [K, B], and every inner loop runs over B neighbours.
 */

/** out [M, B] += W [M, K] x [K, B] */
export function addProduct(out: Float64Array, W: Float64Array, x: Float64Array, B: number): void {
  const M = out.length / B;
  const K = x.length / B;
  if (mostlyZero(x)) return addOfNonzero(out, W, x, B);
  for (let m = 0; m < M; m++) addRows(out, m * B, W, m * K, 1, x, K, B);
}

/** out [K, B] += Wᵀ [K, M] d [M, B] */
export function addTransposed(out: Float64Array, W: Float64Array, d: Float64Array, B: number): void {
  const K = out.length / B;
  const M = d.length / B;
  for (let k = 0; k < K; k++) addRows(out, k * B, W, k, K, d, M, B);
}

/** One row: out[to + b] += the sum over n of W[from + n * apart] x[n, b]. Four sums at a time, which stay in registers. */
function addRows(out: Float64Array, to: number, W: Float64Array, from: number, apart: number, x: Float64Array, N: number, B: number): void {
  let b = 0;
  for (; b + 3 < B; b += 4) {
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let n = 0, w = from, at = b; n < N; n++, w += apart, at += B) {
      const factor = W[w]!;
      s0 += factor * x[at]!;
      s1 += factor * x[at + 1]!;
      s2 += factor * x[at + 2]!;
      s3 += factor * x[at + 3]!;
    }
    out[to + b]! += s0;
    out[to + b + 1]! += s1;
    out[to + b + 2]! += s2;
    out[to + b + 3]! += s3;
  }
  for (; b < B; b++) for (let n = 0; n < N; n++) out[to + b]! += W[from + n * apart]! * x[n * B + b]!;
}

/** dW [M, K] += d [M, B] xᵀ [B, K]. Two sums at a time, so that none waits for the other. */
export function addOuter(dW: Float64Array, d: Float64Array, x: Float64Array, B: number): void {
  const M = d.length / B;
  const K = x.length / B;
  if (mostlyZero(x)) return addOuterOfNonzero(dW, d, x, B);
  for (let m = 0; m < M; m++) {
    for (let k = 0; k < K; k++) {
      let [even, odd] = [0, 0];
      let b = 0;
      for (; b + 1 < B; b += 2) {
        even += d[m * B + b]! * x[k * B + b]!;
        odd += d[m * B + b + 1]! * x[k * B + b + 1]!;
      }
      if (b < B) even += d[m * B + b]! * x[k * B + b]!;
      dW[m * K + k]! += even + odd;
    }
  }
}

/** Symbols are one-hot: then only what is not 0 is worth a multiplication. */
function mostlyZero(x: Float64Array): boolean {
  let nonzero = 0;
  for (let j = 0; j < x.length; j++) if (x[j] !== 0) nonzero++;
  return 4 * nonzero < x.length;
}

function addOfNonzero(out: Float64Array, W: Float64Array, x: Float64Array, B: number): void {
  const K = x.length / B;
  for (let j = 0; j < x.length; j++) {
    const value = x[j]!;
    if (value === 0) continue;
    for (let at = j % B, w = (j - (j % B)) / B; at < out.length; at += B, w += K) out[at]! += W[w]! * value;
  }
}

function addOuterOfNonzero(dW: Float64Array, d: Float64Array, x: Float64Array, B: number): void {
  const K = x.length / B;
  for (let j = 0; j < x.length; j++) {
    const value = x[j]!;
    if (value === 0) continue;
    for (let at = j % B, w = (j - (j % B)) / B; at < d.length; at += B, w += K) dW[w]! += d[at]! * value;
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

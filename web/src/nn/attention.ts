/**
 * Causal attention of several heads with rotary positions (Vaswani et al. 2017; Su et al. 2021), between the matrices:
 * queries, keys and values in, what each head mixed out. As in `carousel/experiments/contenders/attention.py`.
 *
 * Values are [rows, T * B], column t * B + b.
 */

export const HEADS = 2;
const BASE = 10_000;

export interface Mixed {
  /** Queries, keys (both turned) and values, [3 D, T * B]. */
  qkv: Float64Array;
  /** Of head and sequence, [heads][B][T][T]: what step t (row) takes from step j (column). Rows sum to 1. */
  weights: Float64Array;
  values: Float64Array; // [D, T * B]
  steps: number;
  batch: number;
}

/** qkv is turned in place. */
export function attend(qkv: Float64Array, T: number, B: number): Mixed {
  const N = T * B;
  const D = qkv.length / (3 * N);
  rotate(qkv, 2 * D, T, B, 1);
  const [weights, values] = [new Float64Array(HEADS * B * T * T), new Float64Array(D * N)];
  const mixed = { qkv, weights, values, steps: T, batch: B };
  eachRow(mixed, ({ row, q, k, v, width, t, b }) => {
    for (let j = 0; j <= t; j++) weights[row + j] = dot(qkv, q, t * B + b, k, j * B + b, width, N) / Math.sqrt(width);
    softmax(weights, row, t + 1);
    for (let d = 0; d < width; d++) {
      let sum = 0;
      for (let j = 0; j <= t; j++) sum += weights[row + j]! * qkv[(v + d) * N + j * B + b]!;
      values[(v - 2 * D + d) * N + t * B + b] = sum;
    }
  });
  return mixed;
}

/** dL/d of what was given to `attend`, from dL/d of what it mixed. */
export function attendBack(mixed: Mixed, dMixed: Float64Array): Float64Array {
  const { qkv, weights, steps: T, batch: B } = mixed;
  const N = T * B;
  const D = dMixed.length / N;
  const dqkv = new Float64Array(qkv.length);
  const dWeights = new Float64Array(T);
  eachRow(mixed, ({ row, q, k, v, width, t, b }) => {
    const [at, out] = [t * B + b, v - 2 * D];
    let along = 0;
    for (let j = 0; j <= t; j++) {
      let sum = 0;
      for (let d = 0; d < width; d++) {
        const dOut = dMixed[(out + d) * N + at]!;
        sum += dOut * qkv[(v + d) * N + j * B + b]!;
        dqkv[(v + d) * N + j * B + b]! += weights[row + j]! * dOut;
      }
      dWeights[j] = sum;
      along += sum * weights[row + j]!;
    }
    for (let j = 0; j <= t; j++) {
      const dLogit = (weights[row + j]! * (dWeights[j]! - along)) / Math.sqrt(width);
      for (let d = 0; d < width; d++) {
        dqkv[(q + d) * N + at]! += dLogit * qkv[(k + d) * N + j * B + b]!;
        dqkv[(k + d) * N + j * B + b]! += dLogit * qkv[(q + d) * N + at]!;
      }
    }
  });
  rotate(dqkv, 2 * D, T, B, -1);
  return dqkv;
}

interface Row {
  /** Where its weights begin. */
  row: number;
  /** The first row of its head's queries, keys, values. */
  q: number;
  k: number;
  v: number;
  width: number;
  t: number;
  b: number;
}

function eachRow({ qkv, steps: T, batch: B }: Mixed, visit: (row: Row) => void): void {
  const D = qkv.length / (3 * T * B);
  const width = D / HEADS;
  for (let head = 0; head < HEADS; head++) {
    const q = head * width;
    for (let b = 0; b < B; b++) {
      for (let t = 0; t < T; t++) visit({ row: ((head * B + b) * T + t) * T, q, k: D + q, v: 2 * D + q, width, t, b });
    }
  }
}

/** Turns the first `rows` rows of step t, pair by pair within a head, by t times the pair's frequency; back with -1. */
function rotate(values: Float64Array, rows: number, T: number, B: number, direction: 1 | -1): void {
  const N = T * B;
  const width = rows / (2 * HEADS);
  const half = width / 2;
  for (let head = 0; head < rows; head += width) {
    for (let i = 0; i < half; i++) {
      const frequency = direction * BASE ** (-i / half);
      for (let n = 0; n < N; n++) {
        const angle = Math.floor(n / B) * frequency;
        const [cos, sin, first, second] = [Math.cos(angle), Math.sin(angle), (head + i) * N + n, (head + i + half) * N + n];
        const [x, y] = [values[first]!, values[second]!];
        values[first] = x * cos - y * sin;
        values[second] = x * sin + y * cos;
      }
    }
  }
}

function softmax(values: Float64Array, from: number, length: number): void {
  const part = values.subarray(from, from + length);
  const largest = part.reduce((most, value) => Math.max(most, value), -Infinity);
  let sum = 0;
  for (let j = 0; j < length; j++) sum += part[j] = Math.exp(part[j]! - largest);
  for (let j = 0; j < length; j++) part[j]! /= sum;
}

function dot(values: Float64Array, a: number, atA: number, b: number, atB: number, width: number, N: number): number {
  let sum = 0;
  for (let d = 0; d < width; d++) sum += values[(a + d) * N + atA]! * values[(b + d) * N + atB]!;
  return sum;
}

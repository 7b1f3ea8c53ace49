/** GELU and LayerNorm, forward and backward, as torch has them. Values are [D, N]: a column a step of a sequence. */

const EPSILON = 1e-5;

/** x Φ(x), Φ the normal distribution (Hendrycks, Gimpel 2016). */
export function gelu(x: Float64Array): Float64Array {
  return x.map((value) => value * normal(value));
}

/** dL/dx of `gelu`, from dL/dy. */
export function geluBack(x: Float64Array, dy: Float64Array): Float64Array {
  const density = (value: number) => Math.exp(-(value ** 2) / 2) / Math.sqrt(2 * Math.PI);
  return x.map((value, j) => dy[j]! * (normal(value) + value * density(value)));
}

/** Φ(x), by a series of positive terms; beyond 9 it is 0 or 1 to the last bit. */
function normal(x: number): number {
  if (Math.abs(x) > 9) return x > 0 ? 1 : 0;
  let [term, sum] = [x, x];
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) sum += term *= (x * x) / n;
  return 0.5 + (sum * Math.exp(-(x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

export interface Norm {
  weight: Float64Array; // [D]
  bias: Float64Array; // [D]
}

export interface Normalised {
  /** Mean 0 and variance 1 in each column. */
  plain: Float64Array;
  /** 1 / standard deviation, a column each. */
  scale: Float64Array;
  values: Float64Array;
}

/** LayerNorm (Ba et al. 2016) of every column of x [D, N]. */
export function normalise({ weight, bias }: Norm, x: Float64Array): Normalised {
  const [D, N] = [weight.length, x.length / weight.length];
  const [plain, values, scale] = [new Float64Array(x.length), new Float64Array(x.length), new Float64Array(N)];
  for (let n = 0; n < N; n++) {
    let [mean, square] = [0, 0];
    for (let d = 0; d < D; d++) mean += x[d * N + n]! / D;
    for (let d = 0; d < D; d++) square += (x[d * N + n]! - mean) ** 2 / D;
    scale[n] = 1 / Math.sqrt(square + EPSILON);
    for (let d = 0; d < D; d++) {
      plain[d * N + n] = (x[d * N + n]! - mean) * scale[n]!;
      values[d * N + n] = plain[d * N + n]! * weight[d]! + bias[d]!;
    }
  }
  return { plain, scale, values };
}

/** dL/dx, from dL/dy; dL/d weight and bias are added to `found`. */
export function normaliseBack({ weight }: Norm, { plain, scale }: Normalised, dy: Float64Array, found: Norm): Float64Array {
  const [D, N] = [weight.length, scale.length];
  const dx = new Float64Array(dy.length);
  for (let n = 0; n < N; n++) {
    let [mean, along] = [0, 0]; // of dL/d plain, and of it times plain
    for (let d = 0, j = n; d < D; d++, j += N) {
      found.weight[d]! += dy[j]! * plain[j]!;
      found.bias[d]! += dy[j]!;
      mean += (dy[j]! * weight[d]!) / D;
      along += (dy[j]! * weight[d]! * plain[j]!) / D;
    }
    for (let d = 0, j = n; d < D; d++, j += N) dx[j] = scale[n]! * (dy[j]! * weight[d]! - mean - plain[j]! * along);
  }
  return dx;
}

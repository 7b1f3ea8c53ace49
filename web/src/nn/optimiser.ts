/** Adam (Kingma, Ba 2015) and clipping by the norm over all gradients, both as torch has them. */

export interface Adam {
  rate: number;
  step: number;
  mean: Float64Array[];
  square: Float64Array[];
}

const [BETA_1, BETA_2, EPSILON] = [0.9, 0.999, 1e-8];

export function adam(parameters: Float64Array[], rate: number): Adam {
  const zeros = () => parameters.map((p) => new Float64Array(p.length));
  return { rate, step: 0, mean: zeros(), square: zeros() };
}

/** One update, in place. */
export function update(state: Adam, parameters: Float64Array[], gradients: Float64Array[]): void {
  state.step += 1;
  const rate = state.rate / (1 - BETA_1 ** state.step);
  const scale = Math.sqrt(1 - BETA_2 ** state.step);
  parameters.forEach((p, k) => {
    const [g, m, s] = [gradients[k]!, state.mean[k]!, state.square[k]!];
    for (let j = 0; j < p.length; j++) {
      m[j] = BETA_1 * m[j]! + (1 - BETA_1) * g[j]!;
      s[j] = BETA_2 * s[j]! + (1 - BETA_2) * g[j]! * g[j]!;
      p[j]! -= (rate * m[j]!) / (Math.sqrt(s[j]!) / scale + EPSILON);
    }
  });
}

/** Scales gradients down, in place, to a norm of at most `largest`; returns the norm that they had. */
export function clip(gradients: Float64Array[], largest: number): number {
  const norm = Math.sqrt(gradients.reduce((sum, g) => sum + g.reduce((part, value) => part + value * value, 0), 0));
  const factor = Math.min(1, largest / (norm + 1e-6));
  if (factor < 1) for (const g of gradients) for (let j = 0; j < g.length; j++) g[j]! *= factor;
  return norm;
}

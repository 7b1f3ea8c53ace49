/** The Jacobian of two units, step after step: what it does to a disk of gradients. */

/** [a b; c d] */
export type Matrix = readonly [number, number, number, number];

const TURN = Math.PI / 5;
/** One that is drawn as PyTorch draws (two units, ±1/√2), a rotation, and one that is too large. */
export const MATRICES: Record<"drawn" | "orthogonal" | "large", Matrix> = {
  drawn: [0.52, -0.31, 0.44, 0.38],
  orthogonal: [Math.cos(TURN), -Math.sin(TURN), Math.sin(TURN), Math.cos(TURN)],
  large: [0.95, -0.62, 0.71, 0.88],
};

/** (slope · W)ᵏ */
export function carried(W: Matrix, slope: number, k: number): Matrix {
  let found: Matrix = [1, 0, 0, 1];
  for (let step = 0; step < k; step++) found = product(found, W.map((value) => slope * value) as unknown as Matrix);
  return found;
}

/** The half axes of the ellipse that the unit disk becomes: the singular values, the longer first. */
export function axes([a, b, c, d]: Matrix): [number, number] {
  const [sum, difference] = [Math.hypot(a + d, b - c), Math.hypot(a - d, b + c)]; // twice the mean, and the half difference
  return [(sum + difference) / 2, Math.abs(sum - difference) / 2];
}

/** The ellipse as points, from one point of the circle to the next. */
export function ellipse([a, b, c, d]: Matrix, points = 72): [number, number][] {
  return Array.from({ length: points }, (_, n) => {
    const [x, y] = [Math.cos((2 * Math.PI * n) / points), Math.sin((2 * Math.PI * n) / points)];
    return [a * x + b * y, c * x + d * y];
  });
}

function product([a, b, c, d]: Matrix, [e, f, g, h]: Matrix): Matrix {
  return [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h];
}

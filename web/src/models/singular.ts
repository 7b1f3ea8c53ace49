/** The singular values of what the last h makes of the whole state k steps before it: ∂h_T/∂s_{T-k}, s = h, and c. */

import { backward, at, forward, type Layer, type Sequence } from "../nn/layer.ts";
import { adjoint } from "./profile.ts";

const SWEEPS = 40; // at most; some ten are enough
const DONE = 1e-14;

/** Of one sequence x [T, I, 1], the largest first: H numbers. k: 0 ... T-1. */
export function singularValues(layer: Layer, x: Sequence, k: number): number[] {
  const H = layer.hidden;
  const tape = forward(layer, copies(x, H));
  const size = H * H;
  const dh = new Float64Array(x.steps * size);
  for (let unit = 0; unit < H; unit++) dh[(x.steps - 1) * size + unit * H + unit] = 1; // a sequence for each unit of the last h
  const states = adjoint(tape, backward(tape, dh).values).map((all) => at(all, x.steps - 1 - k, size));
  const rows = Array.from({ length: H }, (_, b) => states.flatMap((state) => Array.from({ length: H }, (_, j) => state[j * H + b]!)));
  return lengthsOf(rows);
}

/** One-sided Jacobi (Hestenes 1958): rows are turned in pairs until all are orthogonal; their lengths are the values. */
export function lengthsOf(rows: number[][]): number[] {
  let turned = true;
  for (let sweep = 0; turned && sweep < SWEEPS; sweep++) {
    turned = false;
    for (let p = 0; p < rows.length; p++) for (let q = p + 1; q < rows.length; q++) turned = turn(rows[p]!, rows[q]!) || turned;
  }
  return rows.map((row) => Math.hypot(...row)).toSorted((a, b) => b - a);
}

/** Makes two rows orthogonal, in place; false where they were. */
function turn(p: number[], q: number[]): boolean {
  let [pp, qq, pq] = [0, 0, 0];
  for (let j = 0; j < p.length; j++) {
    pp += p[j]! * p[j]!;
    qq += q[j]! * q[j]!;
    pq += p[j]! * q[j]!;
  }
  if (Math.abs(pq) <= DONE * Math.sqrt(pp * qq)) return false;
  const zeta = (qq - pp) / (2 * pq);
  const tan = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cos = 1 / Math.sqrt(1 + tan * tan);
  const sin = cos * tan;
  for (let j = 0; j < p.length; j++) [p[j], q[j]] = [cos * p[j]! - sin * q[j]!, sin * p[j]! + cos * q[j]!];
  return true;
}

function copies({ values, ...x }: Sequence, batch: number): Sequence {
  const repeated = new Float64Array(values.length * batch);
  values.forEach((value, j) => repeated.fill(value, j * batch, (j + 1) * batch));
  return { ...x, batch, values: repeated };
}

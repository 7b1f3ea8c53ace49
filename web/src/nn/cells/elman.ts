/** h = phi(u + v): Elman 1990, with tanh or ReLU. */

import type { Cell, CellName } from "./cell.ts";

/** slope: phi'(a), from h = phi(a). */
function elman(name: CellName, phi: (a: number) => number, slope: (h: number) => number): Cell {
  return {
    name,
    blocks: ["h"],
    states: ["h"],
    gates: [],
    kept: [],
    forward(u, v, _, now) {
      const h = now.h!;
      for (let j = 0; j < h.length; j++) h[j] = phi(u[j]! + v[j]!);
    },
    backward(now, _, d, __, du, dv) {
      const h = now.h!;
      const dh = d.h!;
      for (let j = 0; j < h.length; j++) du[j] = dv[j] = dh[j]! * slope(h[j]!);
    },
  };
}

export const RNN = elman("rnn", Math.tanh, (h) => 1 - h * h);
export const RNN_RELU = elman("rnn-relu", (a) => Math.max(0, a), (h) => (h > 0 ? 1 : 0));

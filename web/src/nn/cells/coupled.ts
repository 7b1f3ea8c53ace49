/** c = f c + (1 - f) g, h = o tanh c: what is forgotten is what is written (Greff et al. 2017). Gate order f, g, o. */

import { sigmoid } from "../products.ts";
import type { Cell } from "./cell.ts";

export const LSTM_COUPLED: Cell = {
  name: "lstm-coupled",
  blocks: ["f", "g", "o"],
  states: ["h", "c"],
  gates: ["i", "f", "g", "o"],
  kept: [],
  forward(u, v, before, now) {
    const n = now.h!.length;
    const [i, f, g, o, c, h] = [now.i!, now.f!, now.g!, now.o!, now.c!, now.h!];
    const cBefore = before.c!;
    for (let j = 0; j < n; j++) {
      f[j] = sigmoid(u[j]! + v[j]!);
      g[j] = Math.tanh(u[n + j]! + v[n + j]!);
      o[j] = sigmoid(u[2 * n + j]! + v[2 * n + j]!);
      i[j] = 1 - f[j]!;
      c[j] = f[j]! * cBefore[j]! + i[j]! * g[j]!;
      h[j] = o[j]! * Math.tanh(c[j]!);
    }
  },
  backward(now, before, d, dBefore, du, dv) {
    const n = now.h!.length;
    const [i, f, g, o, c] = [now.i!, now.f!, now.g!, now.o!, now.c!];
    const [di, df, dg, d_o, dc, dh] = [d.i!, d.f!, d.g!, d.o!, d.c!, d.h!];
    const cBefore = before.c!;
    const dcBefore = dBefore.c!;
    for (let j = 0; j < n; j++) {
      const shown = Math.tanh(c[j]!);
      d_o[j] = dh[j]! * shown;
      dc[j]! += dh[j]! * o[j]! * (1 - shown * shown);
      di[j] = dc[j]! * g[j]!;
      df[j] = dc[j]! * (cBefore[j]! - g[j]!); // f acts through i = 1 - f too
      dg[j] = dc[j]! * i[j]!;
      dcBefore[j]! += dc[j]! * f[j]!;
      du[j] = dv[j] = df[j]! * f[j]! * (1 - f[j]!);
      du[n + j] = dv[n + j] = dg[j]! * (1 - g[j]! * g[j]!);
      du[2 * n + j] = dv[2 * n + j] = d_o[j]! * o[j]! * (1 - o[j]!);
    }
  },
};

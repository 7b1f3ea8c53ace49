/** i, f, o = sigma(.), g = tanh(.), c = f c + i g, h = o tanh c. Gate order i, f, g, o, as in torch. */

import { sigmoid } from "../products.ts";
import type { Cell } from "./cell.ts";

export const LSTM: Cell = {
  name: "lstm",
  blocks: ["i", "f", "g", "o"],
  states: ["h", "c"],
  gates: ["i", "f", "g", "o"],
  kept: [],
  forward(u, v, before, now) {
    const n = now.h!.length;
    const [i, f, g, o, c, h] = [now.i!, now.f!, now.g!, now.o!, now.c!, now.h!];
    const cBefore = before.c!;
    for (let j = 0; j < n; j++) {
      i[j] = sigmoid(u[j]! + v[j]!);
      f[j] = sigmoid(u[n + j]! + v[n + j]!);
      g[j] = Math.tanh(u[2 * n + j]! + v[2 * n + j]!);
      o[j] = sigmoid(u[3 * n + j]! + v[3 * n + j]!);
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
      df[j] = dc[j]! * cBefore[j]!;
      dg[j] = dc[j]! * i[j]!;
      dcBefore[j]! += dc[j]! * f[j]!; // the carousel: no matrix, no slope of tanh
      du[j] = dv[j] = di[j]! * i[j]! * (1 - i[j]!);
      du[n + j] = dv[n + j] = df[j]! * f[j]! * (1 - f[j]!);
      du[2 * n + j] = dv[2 * n + j] = dg[j]! * (1 - g[j]! * g[j]!);
      du[3 * n + j] = dv[3 * n + j] = d_o[j]! * o[j]! * (1 - o[j]!);
    }
  },
};

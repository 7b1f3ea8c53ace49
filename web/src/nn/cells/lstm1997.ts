/** c = c + i g, h = o tanh c: the form of 1997, which never forgets. Gate order i, g, o. */

import { sigmoid } from "../products.ts";
import type { Cell } from "./cell.ts";

export const LSTM_1997: Cell = {
  name: "lstm-1997",
  blocks: ["i", "g", "o"],
  states: ["h", "c"],
  gates: ["i", "g", "o"],
  kept: [],
  forward(u, v, before, now) {
    const n = now.h!.length;
    const [i, g, o, c, h] = [now.i!, now.g!, now.o!, now.c!, now.h!];
    const cBefore = before.c!;
    for (let j = 0; j < n; j++) {
      i[j] = sigmoid(u[j]! + v[j]!);
      g[j] = Math.tanh(u[n + j]! + v[n + j]!);
      o[j] = sigmoid(u[2 * n + j]! + v[2 * n + j]!);
      c[j] = cBefore[j]! + i[j]! * g[j]!;
      h[j] = o[j]! * Math.tanh(c[j]!);
    }
  },
  backward(now, _, d, dBefore, du, dv) {
    const n = now.h!.length;
    const [i, g, o, c] = [now.i!, now.g!, now.o!, now.c!];
    const [di, dg, d_o, dc, dh] = [d.i!, d.g!, d.o!, d.c!, d.h!];
    const dcBefore = dBefore.c!;
    for (let j = 0; j < n; j++) {
      const shown = Math.tanh(c[j]!);
      d_o[j] = dh[j]! * shown;
      dc[j]! += dh[j]! * o[j]! * (1 - shown * shown);
      di[j] = dc[j]! * g[j]!;
      dg[j] = dc[j]! * i[j]!;
      dcBefore[j]! += dc[j]!;
      du[j] = dv[j] = di[j]! * i[j]! * (1 - i[j]!);
      du[n + j] = dv[n + j] = dg[j]! * (1 - g[j]! * g[j]!);
      du[2 * n + j] = dv[2 * n + j] = d_o[j]! * o[j]! * (1 - o[j]!);
    }
  },
};

/** r, z = sigma(.), n = tanh(u + r v), h = (1 - z) n + z h: Cho et al. 2014, reset after the product, as in torch. */

import { sigmoid } from "../products.ts";
import type { Cell } from "./cell.ts";

export const GRU: Cell = {
  name: "gru",
  blocks: ["r", "z", "n"],
  states: ["h"],
  gates: ["r", "z", "n"],
  kept: ["v_n"],
  apart: true,
  forward(u, v, before, now) {
    const size = now.h!.length;
    const [r, z, n, v_n, h] = [now.r!, now.z!, now.n!, now.v_n!, now.h!];
    const hBefore = before.h!;
    for (let j = 0; j < size; j++) {
      r[j] = sigmoid(u[j]! + v[j]!);
      z[j] = sigmoid(u[size + j]! + v[size + j]!);
      v_n[j] = v[2 * size + j]!;
      n[j] = Math.tanh(u[2 * size + j]! + r[j]! * v_n[j]!);
      h[j] = (1 - z[j]!) * n[j]! + z[j]! * hBefore[j]!;
    }
  },
  backward(now, before, d, dBefore, du, dv) {
    const size = now.h!.length;
    const [r, z, n, v_n] = [now.r!, now.z!, now.n!, now.v_n!];
    const [dr, dz, dn, dh] = [d.r!, d.z!, d.n!, d.h!];
    const hBefore = before.h!;
    const dhBefore = dBefore.h!;
    for (let j = 0; j < size; j++) {
      dz[j] = dh[j]! * (hBefore[j]! - n[j]!);
      dn[j] = dh[j]! * (1 - z[j]!);
      const da = dn[j]! * (1 - n[j]! * n[j]!);
      dr[j] = da * v_n[j]!;
      dhBefore[j]! += dh[j]! * z[j]!;
      du[j] = dv[j] = dr[j]! * r[j]! * (1 - r[j]!);
      du[size + j] = dv[size + j] = dz[j]! * z[j]! * (1 - z[j]!);
      du[2 * size + j] = da;
      dv[2 * size + j] = da * r[j]!;
    }
  },
};

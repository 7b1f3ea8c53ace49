/** The answer to each template, computed by the networks of the page; `carousel/page/answers.py` computes them by torch. */

import { axes, carried, MATRICES, type Matrix } from "../models/matrix.ts";
import { scalarRNN } from "../models/scalar.ts";
import { untrainedProfile, withForgetBias } from "../models/untrained.ts";
import { sigmoid } from "../nn/products.ts";
import type { Drawn, Template } from "./questions.ts";

const HORIZON = 0.001; // the share that counts as gone
const TENTH = 0.1; // the share of a key that counts as lost
const LONG = 40; // steps of the networks that lose their gradient
export const NETWORKS = {
  rnn: ["rnn", "default"],
  orthogonal: ["rnn", "orthogonal"],
  lstm: ["lstm", "default"],
  open: ["lstm", "chrono"],
} as const;
type Name = keyof typeof NETWORKS;

export const ANSWERS: { [T in Template]: (of: Drawn<T>) => number } = {
  forward_last: ({ w, u, T }) => scalarRNN(w, u, pulse(T)).values.h!.at(-1)!,
  forward_largest: ({ ws, T }) => largest(ws.map((w) => Math.abs(scalarRNN(w, 1, pulse(T)).values.h!.at(-1)!))),
  backward_edge: ({ w, h }) => w * (1 - h ** 2),
  backward_weakest: ({ w, x }) => 1 + largest([...scalarRNN(w, 1, x).values.h!].map(Math.abs)),
  backward_left: ({ w, T, x }) => scalarRNN(w, 1, x.slice(0, T)).derivatives.h![0]!,
  length_power: ({ factor, k }) => factor ** k,
  length_horizon: ({ factor }) => Math.ceil(Math.log(HORIZON) / Math.log(factor)),
  length_explodes: ({ w, pulse: size, T }) => (Math.abs(scalarRNN(w, 1, pulse(T, size)).derivatives.h![0]!) > 1 ? 0 : 1),
  matrix_left: ({ slope, k }) => axes(carried(MATRICES.orthogonal, slope, k))[0],
  matrix_axis: ({ W }) => axes(W as unknown as Matrix)[0],
  cell_state: ({ f, c, i, g }) => f * c + i * g,
  cell_road: ({ fs }) => fs.reduce((product, f) => product * f, 1),
  cell_partner: ({ gate }) => ["i", "f", "g", "o", "c"].indexOf({ i: "g", f: "c", g: "i" }[gate as "i" | "f" | "g"]),
  trap_gate: ({ b }) => sigmoid(b),
  trap_left: ({ b, k }) => sigmoid(b) ** k,
  trap_both: ({ first, second }) => sigmoid(first + second),
  trap_scale: ({ f }) => -1 / Math.log(f),
  four_most: ({ T, seed }) => largest(Object.keys(NETWORKS).map((name) => left(name as Name, T, seed)[T - 1]!)),
  four_lost: ({ network, seed, share }) => left(network as Name, LONG, seed).findIndex((value) => value < share),
  four_opened: ({ b, T, seed }) => (untrainedProfile("lstm", "default", T, withForgetBias(b), seed).total[T - 1]! > HORIZON ? 0 : 1),
  race_guess: ({ keys }) => Math.log(keys),
  gates_weight: ({ i, f, k }) => i * f ** k,
  gates_lost: ({ fs }) => 1 + fs.findIndex((_, t) => fs.slice(0, t + 1).reduce((product, f) => product * f, 1) < TENTH),
  gates_attention: ({ a, others }) => Math.exp(a) / (Math.exp(a) + others),
  folklore_interval: ({ low, width }) => (low > 0 ? 0 : low + width < 0 ? 1 : 2),
  folklore_step: ({ left, k }) => left ** (1 / k),
  race_clip: ({ norm, largest: most }) => Math.min(1, most / norm),
};

function left(name: Name, length: number, seed: number): number[] {
  const [cell, initialisation] = NETWORKS[name];
  return untrainedProfile(cell, initialisation, length, undefined, seed).total;
}

function pulse(steps: number, size = 1): number[] {
  return [size, ...new Array<number>(steps - 1).fill(0)];
}

function largest(values: number[]): number {
  return values.indexOf(Math.max(...values));
}

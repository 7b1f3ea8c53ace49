/** How much of the gradient is left k steps back, in a network of any size: `carousel.flow.lag_profile` and `cell_path`. */

import type { Values } from "../nn/cells/index.ts";
import { at, type Derivatives, type Sequence, type Tape } from "../nn/layer.ts";
import { type Network, run, runBack } from "../nn/network.ts";
import { addOuter } from "../nn/products.ts";

export interface Profile {
  /**
   * |dL/ds_{T-k}| / |dL/ds_T|, s the whole state (h, and c): the geometric mean over the batch, k = 0 ... T-1.
   * h and c are what the next step takes, each held while the other changes.
   */
  total: number[];
  /** The mean over units of f_{T-k+1} ... f_T, what the c road alone carries; null where there is no such gate. */
  path: number[] | null;
  /** The mean of the forget gate. */
  gate: number | null;
  /** The norm of what step T-k adds to dL/dW_hh, k = 0 ... T-1. */
  contributed: number[];
}

/** Of the first layer. asked: dL/d output, from the output. */
export function profile(network: Network, x: Sequence, asked: (output: Float64Array) => Float64Array): Profile {
  const done = run(network, x);
  const found = runBack(network, done, asked(done.output));
  const tape = done.tapes[0]!;
  const states = adjoint(tape, found.layers[0]!.values);
  const norms = Array.from({ length: tape.x.steps }, (_, k) => norm(states, tape, tape.x.steps - 1 - k));
  const total = norms.map((norm) => geometricMean(norm.map((value, b) => value / norms[0]![b]!)));
  const gate = { lstm: "f", "lstm-coupled": "f", gru: "z" }[tape.layer.cell.name as string];
  const part = contributed(tape, found.layers[0]!).reverse();
  if (!gate) return { total, path: null, gate: null, contributed: part };
  return { total, path: pathOf(tape, gate), gate: mean(tape.values[gate]!), contributed: part };
}

/** dL/dh, and dL/dc without what c does through h of its own step: the total derivative has that too. */
export function adjoint(tape: Tape, total: Values): Float64Array[] {
  if (!total.c) return [total.h!];
  const { o, c } = tape.values;
  return [total.h!, total.c.map((dc, j) => dc - total.h![j]! * o![j]! * (1 - Math.tanh(c![j]!) ** 2))];
}

/** The norm of what each step adds to dL/dW_hh, summed over the batch; the first adds nothing, its h before is 0. */
export function contributed({ layer, x, values }: Tape, { v }: Derivatives): number[] {
  const [size, blocks] = [layer.hidden * x.batch, v.length / x.steps];
  return Array.from({ length: x.steps }, (_, t) => {
    const part = new Float64Array((blocks / x.batch) * layer.hidden);
    if (t > 0) addOuter(part, at(v, t, blocks), at(values.h!, t - 1, size), x.batch);
    return Math.sqrt(part.reduce((sum, value) => sum + value * value, 0));
  });
}

/** The length of the adjoint at step t, of each sequence. */
function norm(states: Float64Array[], tape: Tape, t: number): number[] {
  const { batch } = tape.x;
  const squares = new Array<number>(batch).fill(0);
  for (const all of states) at(all, t, tape.layer.hidden * batch).forEach((d, j) => (squares[j % batch]! += d * d));
  return squares.map(Math.sqrt);
}

function pathOf(tape: Tape, gate: string): number[] {
  const { batch, steps } = tape.x;
  const size = tape.layer.hidden * batch;
  const product = new Float64Array(size).fill(1);
  const found = [1];
  for (let t = steps - 1; t > 0; t--) {
    at(tape.values[gate]!, t, size).forEach((f, j) => (product[j]! *= f));
    const sums = new Array<number>(batch).fill(0);
    product.forEach((value, j) => (sums[j % batch]! += value / tape.layer.hidden));
    found.push(geometricMean(sums));
  }
  return found;
}

function geometricMean(values: number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value) / values.length, 0));
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** One cell over a sequence, forward and backward through time. */

import { CELLS, type Cell, type CellName, type Values } from "./cells/index.ts";
import { addBias, addOuter, addProduct, addSums, addTransposed } from "./products.ts";

/** Names and shapes are torch's: G = blocks * H rows. */
export interface Parameters {
  weight_ih: Float64Array; // [G, I]
  weight_hh: Float64Array; // [G, H]
  bias_ih: Float64Array; // [G]
  bias_hh: Float64Array; // [G]
}

export interface Layer {
  cell: Cell;
  inputs: number; // I
  hidden: number; // H
  parameters: Parameters;
}

/** T steps of [rows, B], one after the other. */
export interface Sequence {
  steps: number;
  rows: number;
  batch: number;
  values: Float64Array;
}

/** What a run was: x, and every gate and state of every step, each [T, H, B]. States before the first step are 0. */
export interface Tape {
  layer: Layer;
  x: Sequence;
  values: Values;
}

/** dL/d of every gate and state of a tape: total derivatives, each [T, H, B]. What they say of weights and x is asked apart. */
export interface Derivatives {
  values: Values;
  u: Float64Array; // [T, G, B], dL/d(W_ih x + b_ih)
  v: Float64Array; // [T, G, B], dL/d(W_hh h + b_hh)
}

/** Every parameter 0. */
export function emptyLayer(name: CellName, inputs: number, hidden: number): Layer {
  const cell = CELLS[name];
  return { cell, inputs, hidden, parameters: zeroParameters(cell.blocks.length * hidden, inputs, hidden) };
}

function zeroParameters(G: number, inputs: number, hidden: number): Parameters {
  return {
    weight_ih: new Float64Array(G * inputs),
    weight_hh: new Float64Array(G * hidden),
    bias_ih: new Float64Array(G),
    bias_hh: new Float64Array(G),
  };
}

/** The run of a layer over x, its states 0 before the first step. */
export function forward(layer: Layer, x: Sequence): Tape {
  const { cell, hidden, parameters: p } = layer;
  const size = hidden * x.batch;
  const values = arrays([...cell.gates, ...cell.states, ...cell.kept], x.steps * size);
  let before: Values = arrays(cell.states, size);
  const u = new Float64Array(cell.blocks.length * size);
  const v = new Float64Array(u.length);
  for (let t = 0; t < x.steps; t++) {
    fillAffine(u, p.weight_ih, p.bias_ih, at(x.values, t, layer.inputs * x.batch), x.batch);
    fillAffine(v, p.weight_hh, p.bias_hh, before.h!, x.batch);
    const now = step(values, t, size);
    cell.forward(u, v, before, now);
    before = now;
  }
  return { layer, x, values };
}

/** Back through time. dh [T, H, B]: dL/dh_t by what reads h_t outside the layer. */
export function backward(tape: Tape, dh: Float64Array): Derivatives {
  const { layer, x } = tape;
  const { cell, hidden, parameters: p } = layer;
  const size = hidden * x.batch;
  const values = arrays([...cell.gates, ...cell.states], x.steps * size);
  values.h!.set(dh);
  const start = arrays(cell.states, size);
  const lost = arrays(cell.states, size); // dL/d of the zero state, which nobody asks for
  const blocks = cell.blocks.length * size;
  const u = new Float64Array(x.steps * blocks);
  const v = cell.apart ? new Float64Array(u.length) : u;
  for (let t = x.steps - 1; t >= 0; t--) {
    const before = t > 0 ? step(tape.values, t - 1, size) : start;
    const dBefore = t > 0 ? step(values, t - 1, size) : lost;
    const dv = at(v, t, blocks);
    cell.backward(step(tape.values, t, size), before, step(values, t, size), dBefore, at(u, t, blocks), dv);
    addTransposed(dBefore.h!, p.weight_hh, dv, x.batch);
  }
  return { values, u, v };
}

/** dL/dx, [T, I, B]. */
export function ofInput({ layer, x }: Tape, { u }: Derivatives): Float64Array {
  const found = new Float64Array(x.values.length);
  const [size, blocks] = [layer.inputs * x.batch, u.length / x.steps];
  for (let t = 0; t < x.steps; t++) addTransposed(at(found, t, size), layer.parameters.weight_ih, at(u, t, blocks), x.batch);
  return found;
}

/** dL/d parameters. */
export function ofParameters({ layer, x, values }: Tape, { u, v }: Derivatives): Parameters {
  const { inputs, hidden } = layer;
  const blocks = u.length / x.steps;
  const found = zeroParameters(blocks / x.batch, inputs, hidden);
  for (let t = 0; t < x.steps; t++) {
    const [du, dv] = [at(u, t, blocks), at(v, t, blocks)];
    addOuter(found.weight_ih, du, at(x.values, t, inputs * x.batch), x.batch);
    if (t > 0) addOuter(found.weight_hh, dv, at(values.h!, t - 1, hidden * x.batch), x.batch); // before the first, h is 0
    addSums(found.bias_ih, du, x.batch);
    addSums(found.bias_hh, dv, x.batch);
  }
  return found;
}

/** The part of a [T, size] array that belongs to step t: a view. */
export function at(values: Float64Array, t: number, size: number): Float64Array {
  return values.subarray(t * size, (t + 1) * size);
}

function fillAffine(out: Float64Array, W: Float64Array, bias: Float64Array, x: Float64Array, B: number): void {
  out.fill(0);
  addBias(out, bias, B);
  addProduct(out, W, x, B);
}

function step(values: Values, t: number, size: number): Values {
  return Object.fromEntries(Object.entries(values).map(([name, all]) => [name, at(all, t, size)]));
}

function arrays(names: readonly string[], length: number): Values {
  return Object.fromEntries(names.map((name) => [name, new Float64Array(length)]));
}

/** Networks of one unit, whose every number can be looked at: h = tanh(w h + u x), and an LSTM. L is h after the last step. */

import { backward, emptyLayer, forward, type Layer, type Sequence } from "../nn/layer.ts";
import type { Values } from "../nn/cells/index.ts";

export interface ScalarRun {
  /** Every gate and state by name, a number for each step. */
  values: Values;
  /** dL/d of each, likewise. */
  derivatives: Values;
}

export function scalarRNN(w: number, u: number, x: number[]): ScalarRun {
  const layer = emptyLayer("rnn", 1, 1);
  layer.parameters.weight_hh[0] = w;
  layer.parameters.weight_ih[0] = u;
  return differentiated(layer, x);
}

/** Its weights, by gate; the bias of f is the reader's. */
export const WEIGHTS = { i: [1.5, 0.4], f: [0.4, 0.6], g: [1.2, 0.5], o: [0.5, 0.8] } as const; // [of x, of h]

export function scalarLSTM(forgetBias: number, x: number[]): ScalarRun {
  const layer = emptyLayer("lstm", 1, 1);
  Object.values(WEIGHTS).forEach(([ofX, ofH], block) => {
    layer.parameters.weight_ih[block] = ofX;
    layer.parameters.weight_hh[block] = ofH;
  });
  layer.parameters.bias_ih[1] = forgetBias;
  return differentiated(layer, x);
}

function differentiated(layer: Layer, x: number[]): ScalarRun {
  const sequence: Sequence = { steps: x.length, rows: 1, batch: 1, values: Float64Array.from(x) };
  const tape = forward(layer, sequence);
  const dh = new Float64Array(x.length);
  dh[x.length - 1] = 1;
  return { values: tape.values, derivatives: backward(tape, dh).values };
}

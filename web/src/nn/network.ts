/** Layers on one another and a linear readout of the last step's h. */

import type { CellName } from "./cells/index.ts";
import { at, backward, type Derivatives, emptyLayer, forward, type Layer, ofInput, ofParameters, type Sequence, type Tape } from "./layer.ts";
import { addBias, addOuter, addProduct, addSums, addTransposed } from "./products.ts";

export interface Linear {
  weight: Float64Array; // [O, H]
  bias: Float64Array; // [O]
}

export interface Network {
  layers: Layer[];
  readout: Linear;
}

export interface NetworkRun {
  tapes: Tape[]; // a layer each
  output: Float64Array; // [O, B]
}

export interface NetworkDerivatives {
  layers: Derivatives[];
  output: Float64Array; // [O, B]
}

/** Every parameter 0. */
export function emptyNetwork(cell: CellName, inputs: number, hidden: number, outputs: number, layers = 1): Network {
  return {
    layers: Array.from({ length: layers }, (_, k) => emptyLayer(cell, k === 0 ? inputs : hidden, hidden)),
    readout: { weight: new Float64Array(outputs * hidden), bias: new Float64Array(outputs) },
  };
}

export function run(network: Network, x: Sequence): NetworkRun {
  const tapes: Tape[] = [];
  let input = x;
  for (const layer of network.layers) {
    const tape = forward(layer, input);
    tapes.push(tape);
    input = { steps: x.steps, rows: layer.hidden, batch: x.batch, values: tape.values.h! };
  }
  const output = new Float64Array(network.readout.bias.length * x.batch);
  addBias(output, network.readout.bias, x.batch);
  addProduct(output, network.readout.weight, last(input), x.batch);
  return { tapes, output };
}

/** dOutput: dL/d output, [O, B]. */
export function runBack(network: Network, done: NetworkRun, dOutput: Float64Array): NetworkDerivatives {
  const { steps, batch } = done.tapes[0]!.x;
  const top = done.tapes.at(-1)!;
  const size = top.layer.hidden * batch;
  let dh: Float64Array = new Float64Array(steps * size);
  addTransposed(at(dh, steps - 1, size), network.readout.weight, dOutput, batch);
  const layers: Derivatives[] = [];
  done.tapes.toReversed().forEach((tape, above) => {
    if (above > 0) dh = ofInput(done.tapes.at(-above)!, layers[0]!);
    layers.unshift(backward(tape, dh));
  });
  return { layers, output: dOutput };
}

/** dL/d of every parameter, as `listed` lists them. */
export function gradients(network: Network, done: NetworkRun, back: NetworkDerivatives): Float64Array[] {
  const { steps, batch } = done.tapes[0]!.x;
  const top = done.tapes.at(-1)!;
  const readout = { weight: new Float64Array(network.readout.weight.length), bias: new Float64Array(network.readout.bias.length) };
  addOuter(readout.weight, back.output, at(top.values.h!, steps - 1, top.layer.hidden * batch), batch);
  addSums(readout.bias, back.output, batch);
  const layers = done.tapes.map((tape, k) => ({ parameters: ofParameters(tape, back.layers[k]!) }));
  return listed({ layers, readout });
}

/** Every parameter, or its gradient, in torch's order: a layer's four, layer after layer, then the readout's two. */
export function listed(of: { layers: { parameters: Layer["parameters"] }[]; readout: Linear }): Float64Array[] {
  const inLayers = of.layers.flatMap(({ parameters: p }) => [p.weight_ih, p.weight_hh, p.bias_ih, p.bias_hh]);
  return [...inLayers, of.readout.weight, of.readout.bias];
}

function last(sequence: Sequence): Float64Array {
  return at(sequence.values, sequence.steps - 1, sequence.rows * sequence.batch);
}

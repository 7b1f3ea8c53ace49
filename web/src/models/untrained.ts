/** Networks of 32 units as they are before training, on a sequence of random symbols. */

import type { CellName } from "../nn/cells/index.ts";
import type { Sequence } from "../nn/layer.ts";
import { initialise } from "../nn/initialisation.ts";
import { emptyNetwork, type Network } from "../nn/network.ts";
import { random } from "../nn/random.ts";
import { TASKS } from "../nn/tasks.ts";
import { profile, type Profile } from "./profile.ts";

export const HIDDEN = 32;
const BATCH = 4;
const TASK = "delayed-recall";
const SEED = 1;

export function untrained(cell: CellName, initialisation: string, length: number, seed = SEED): Network {
  const { inputs, outputs } = TASKS[TASK];
  const network = emptyNetwork(cell, inputs, HIDDEN, outputs);
  initialise(network, initialisation, random(seed), length);
  return network;
}

/** change: of the network before it is run. seed: of the weights and of the symbols. */
export function untrainedProfile(
  cell: CellName,
  initialisation: string,
  length: number,
  change: (network: Network) => void = () => {},
  seed = SEED,
): Profile {
  const network = untrained(cell, initialisation, length, seed);
  change(network);
  const batch = TASKS[TASK].sample(length, BATCH, random(seed));
  return profile(network, batch.x, (output) => TASKS[TASK].loss(output, batch).dOutput);
}

/** The first of the sequences that a profile of this length is taken on: [T, I, 1]. */
export function symbols(length: number, seed = SEED): Sequence {
  const { x } = TASKS[TASK].sample(length, BATCH, random(seed));
  return { ...x, batch: 1, values: x.values.filter((_, j) => j % BATCH === 0) };
}

/** The same network with its recurrent matrix times a factor. */
export function scaled(factor: number): (network: Network) => void {
  return ({ layers }) => {
    for (const { parameters: p } of layers) p.weight_hh.forEach((value, j) => (p.weight_hh[j] = factor * value));
  };
}

/** The same network with another bias of its forget gate. */
export function withForgetBias(bias: number): (network: Network) => void {
  return ({ layers }) => {
    for (const { hidden, parameters: p } of layers) {
      p.bias_ih.fill(bias, hidden, 2 * hidden);
      p.bias_hh.fill(0, hidden, 2 * hidden);
    }
  };
}

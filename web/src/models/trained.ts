/** The run's best network on one of its sequences: its answer, and what each step contributed to it. */

import { emptyNetwork, listed, type Network, run, runBack } from "../nn/network.ts";
import { ofInput, type Sequence, type Tape } from "../nn/layer.ts";
import type { Trained } from "../page/given.ts";
import { profile, type Profile } from "./profile.ts";

export interface Answer {
  output: number[];
  /** The output that is followed back: of the right class, else of the largest. */
  followed: number;
  /** |dz/dx_t| of every step, z the output that is followed. */
  contributions: number[];
  profile: Profile;
  /** Of each layer, its gates and states by name: [H][T]. */
  layers: Record<string, number[][]>[];
}

type Shown = Trained["sequences"][number];

export function networkOf(given: Trained): Network {
  const network = emptyNetwork(given.cell, given.inputs, given.hidden, given.outputs, given.layers);
  listed(network).forEach((values, k) => values.set(given.parameters[k]!));
  return network;
}

export function answered(network: Network, given: Trained, { steps, x: values, right }: Shown): Answer {
  const x: Sequence = { steps, rows: given.inputs, batch: 1, values: Float64Array.from(values) };
  const done = run(network, x);
  const followed = right ?? done.output.indexOf(Math.max(...done.output));
  const asked = (output: Float64Array) => output.map((_, o) => (o === followed ? 1 : 0));
  const back = runBack(network, done, asked(done.output));
  const dx = ofInput(done.tapes[0]!, back.layers[0]!);
  return {
    output: [...done.output],
    followed,
    contributions: Array.from({ length: steps }, (_, t) => Math.hypot(...dx.subarray(t * x.rows, (t + 1) * x.rows))),
    profile: profile(network, x, asked),
    layers: done.tapes.map(seen),
  };
}

function seen({ layer, x, values }: Tape): Record<string, number[][]> {
  const rows = (all: Float64Array) =>
    Array.from({ length: layer.hidden }, (_, unit) => Array.from({ length: x.steps }, (_, t) => all[t * layer.hidden + unit]!));
  return Object.fromEntries([...layer.cell.gates, ...layer.cell.states].map((name) => [name, rows(values[name]!)]));
}

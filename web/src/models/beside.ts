/** Chapter 9: networks of about as many parameters on the same task, recurrent ones and a Transformer, asked alike. */

import { accuracy } from "../nn/losses.ts";
import { at, ofInput, type Sequence } from "../nn/layer.ts";
import { listed, type Network, run, runBack } from "../nn/network.ts";
import { adam } from "../nn/optimiser.ts";
import { random } from "../nn/random.ts";
import { type Batch, TASKS } from "../nn/tasks.ts";
import { advance, begin, descend, type Recipe } from "../nn/training.ts";
import { emptyTransformer, initialiseTransformer, listedTransformer, runTransformer, type Transformer, transformerBack } from "../nn/transformer.ts";
import { RECIPE } from "./gates.ts";

export interface Contestant {
  /** Of its texts. */
  name: string;
  parameters: number; // how many
  /** One step of training. */
  learn(): void;
  /** Outputs of a batch, [O, B]. */
  answer(x: Sequence): Float64Array;
  /** |dL/dx_t| of every step, of the first sequence. */
  blamed(batch: Batch): number[];
}

export interface Attending extends Contestant {
  network: Transformer;
}

/** LSTM 904, these 968, 928 and 892 parameters. */
const RECURRENT: Record<"two" | "orthogonal", Partial<Recipe>> = {
  two: { layers: 2, hidden: 6 },
  orthogonal: { cell: "rnn", initialisation: "orthogonal", hidden: 20 },
};
export const [WIDTH, MLP] = [8, 20];

export function recurrents(): Contestant[] {
  return Object.entries(RECURRENT).map(([name, change]) => {
    const training = begin({ ...RECIPE, ...change });
    return { ...asked(name, training.network), learn: () => void advance(training) };
  });
}

/** A recurrent network that learns no more. */
export function asked(name: string, network: Network): Contestant {
  return {
    name,
    parameters: count(listed(network)),
    learn: () => {},
    answer: (x) => run(network, x).output,
    blamed: (batch) => blamedIn(network, batch),
  };
}

export function transformer(): Attending {
  const { inputs, outputs, sample, loss } = TASKS[RECIPE.task];
  const draw = random(RECIPE.seed);
  const network = emptyTransformer(inputs, WIDTH, MLP, outputs);
  initialiseTransformer(network, draw);
  const optimiser = adam(listedTransformer(network), RECIPE.rate);
  const back = (batch: Batch) => {
    const done = runTransformer(network, batch.x);
    return transformerBack(network, done, loss(done.output, batch).dOutput);
  };
  return {
    name: "transformer",
    network,
    parameters: count(listedTransformer(network)),
    learn() {
      const found = listedTransformer(back(sample(RECIPE.length, RECIPE.batch, draw)).parameters);
      descend(optimiser, listedTransformer(network), found, RECIPE.largestNorm);
    },
    answer: (x) => runTransformer(network, x).output,
    blamed: (batch) => {
      const { x: dx } = back(batch);
      const N = batch.x.steps * batch.x.batch;
      return steps(batch.x, (t, i) => dx[i * N + t * batch.x.batch]!);
    },
  };
}

export function rightOf(contestant: Contestant, batch: Batch): number {
  return accuracy(contestant.answer(batch.x), batch.y as Int32Array);
}

/** With what weight step j (column) is in c_t (row), the mean over units: i_j times the product of the later f. [T][T] */
export function effectiveWeights(network: Network, { x }: Batch): number[][] {
  const { values, layer } = run(network, x).tapes[0]!;
  const size = layer.hidden * x.batch;
  const kept: Float64Array[] = [];
  return Array.from({ length: x.steps }, (_, t) => {
    const [i, f] = [at(values.i!, t, size), at(values.f!, t, size)];
    for (const row of kept) for (let j = 0; j < size; j++) row[j]! *= f[j]!;
    kept.push(i.slice());
    return kept.map((row) => ofFirst(row, x.batch));
  });
}

/** What step t (row) takes from step j (column), the mean over the heads, of the first sequence. [T][T] */
export function attention(network: Transformer, { x }: Batch): number[][] {
  const { weights, steps: T, batch: B } = runTransformer(network, x).mixed;
  const heads = weights.length / (B * T * T);
  const of = (t: number, j: number) =>
    Array.from({ length: heads }, (_, head) => weights[(head * B * T + t) * T + j]! / heads).reduce((sum, value) => sum + value, 0);
  return Array.from({ length: T }, (_, t) => Array.from({ length: t + 1 }, (_, j) => of(t, j)));
}

function blamedIn(network: Network, batch: Batch): number[] {
  const done = run(network, batch.x);
  const back = runBack(network, done, TASKS[RECIPE.task].loss(done.output, batch).dOutput);
  const dx = ofInput(done.tapes[0]!, back.layers[0]!);
  return steps(batch.x, (t, i) => dx[(t * batch.x.rows + i) * batch.x.batch]!);
}

function steps({ steps, rows }: Sequence, d: (t: number, i: number) => number): number[] {
  return Array.from({ length: steps }, (_, t) => Math.hypot(...Array.from({ length: rows }, (_, i) => d(t, i))));
}

/** The mean over units, of the first sequence: row [H, B]. */
function ofFirst(row: Float64Array, B: number): number {
  return row.reduce((sum, value, j) => sum + (j % B === 0 ? value : 0), 0) / (row.length / B);
}

function count(parameters: Float64Array[]): number {
  return parameters.reduce((sum, values) => sum + values.length, 0);
}

/** Chapter 9: an LSTM that names one key among noise, and what becomes of it when a gate, the key or the length is changed. */

import type { Cell } from "../nn/cells/index.ts";
import { LSTM } from "../nn/cells/lstm.ts";
import { accuracy } from "../nn/losses.ts";
import { type Network, run } from "../nn/network.ts";
import { random } from "../nn/random.ts";
import { type Batch, KEYS, TASKS } from "../nn/tasks.ts";
import type { Recipe } from "../nn/training.ts";

export const GATES = ["i", "f", "o"] as const;
export type Gate = (typeof GATES)[number];
export const RECIPE: Recipe = {
  cell: "lstm", initialisation: "chrono", hidden: 8, layers: 1, task: "random-recall", length: 20, batch: 32, rate: 0.01, largestNorm: 1, seed: 1,
};
export const STEPS = 256;
const [HELD_OUT, HELD_OUT_SEED] = [256, 1_000_003];

/** Sequences that it was not trained on, the same at every call. */
export function heldOut(length = RECIPE.length): Batch {
  return TASKS["random-recall"].sample(length, HELD_OUT, random(HELD_OUT_SEED));
}

export function rightAnswers(network: Network, batch: Batch): number {
  return accuracy(run(network, batch.x).output, batch.y as Int32Array);
}

/** Every key replaced by a symbol of noise. */
export function withoutKey({ x, y, keys }: Batch): Batch {
  const values = x.values.slice();
  const draw = random(HELD_OUT_SEED);
  keys.forEach(([step], b) => {
    values[(step! * x.rows + y[b]!) * x.batch + b] = 0;
    values[(step! * x.rows + KEYS + draw.integer(KEYS)) * x.batch + b] = 1;
  });
  return { x: { ...x, values }, y, keys };
}

/** Other symbols of noise beside the same keys. */
export function otherNoise({ x, y, keys }: Batch, seed: number): Batch {
  const values = new Float64Array(x.values.length);
  const draw = random(HELD_OUT_SEED + seed);
  for (let b = 0; b < x.batch; b++) {
    for (let t = 0; t < x.steps; t++) {
      const symbol = t === keys[b]![0] ? y[b]! : KEYS + draw.integer(KEYS);
      values[(t * x.rows + symbol) * x.batch + b] = 1;
    }
  }
  return { x: { ...x, values }, y, keys };
}

/** One sequence of a batch. */
export function only({ x, y, keys }: Batch, b: number): Batch {
  return { x: { ...x, batch: 1, values: x.values.filter((_, j) => j % x.batch === b) }, y: y.slice(b, b + 1), keys: [keys[b]!] };
}

/** The mean of a gate, of each unit, over steps and sequences. */
export function means(network: Network, batch: Batch, gate: Gate): Float64Array {
  const { values, layer } = run(network, batch.x).tapes[0]!;
  const [B, all] = [batch.x.batch, values[gate]!];
  const found = new Float64Array(layer.hidden);
  all.forEach((value, j) => (found[Math.floor(j / B) % layer.hidden]! += (value * layer.hidden) / all.length));
  return found;
}

/** The network with a gate of its first layer held at given values, one a unit. */
export function clamped(network: Network, gate: Gate, held: Float64Array): Network {
  const cell: Cell = {
    ...LSTM,
    forward(u, v, before, now) {
      LSTM.forward(u, v, before, now);
      const [{ i, f, g, o, c, h }, B] = [now, now.c!.length / held.length];
      for (let j = 0; j < c!.length; j++) {
        now[gate]![j] = held[Math.floor(j / B)]!;
        c![j] = f![j]! * before.c![j]! + i![j]! * g![j]!;
        h![j] = o![j]! * Math.tanh(c![j]!);
      }
    },
  };
  return { ...network, layers: network.layers.map((layer, k) => (k === 0 ? { ...layer, cell } : layer)) };
}

/** How much a gate at the key differs from its mean: the mean over units, of a gate between 0 and 1. */
export function marking(network: Network, batch: Batch, gate: Gate): number {
  const { values, layer } = run(network, batch.x).tapes[0]!;
  const B = batch.x.batch;
  const centre = means(network, batch, gate);
  const off = centre.map((mean, unit) => {
    const atKey = batch.keys.reduce((sum, [step], b) => sum + values[gate]![(step! * layer.hidden + unit) * B + b]! / B, 0);
    return Math.abs(atKey - mean);
  });
  return off.reduce((sum, value) => sum + value / layer.hidden, 0);
}

/** A gate on one sequence: [H][T]. */
export function raster(network: Network, batch: Batch, b: number, gate: Gate): number[][] {
  const { values, layer } = run(network, batch.x).tapes[0]!;
  const B = batch.x.batch;
  return Array.from({ length: layer.hidden }, (_, unit) =>
    Array.from({ length: batch.x.steps }, (_, t) => values[gate]![(t * layer.hidden + unit) * B + b]!),
  );
}

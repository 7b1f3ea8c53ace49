/** One network of the race: it trains when asked, and says how it stands. No page and no worker in here. */

import { profile } from "../models/profile.ts";
import { accuracy } from "../nn/losses.ts";
import { run } from "../nn/network.ts";
import { random } from "../nn/random.ts";
import { type Batch, TASKS } from "../nn/tasks.ts";
import { advance, begin, type Recipe, type Training } from "../nn/training.ts";

export interface Report {
  /** Steps of training so far. */
  step: number;
  /** The mean loss of the batches since the last report, in nats; null before the first step. */
  loss: number | null;
  /** The largest norm of the gradient since then, before it was clipped. */
  gradientNorm: number | null;
  /** On sequences that it is not trained on. */
  accuracy: number;
  /** What is left of the gradient k steps back, on some of those. */
  left: number[];
  /** The norm of what the step k back adds to dL/dW_hh, on the same. */
  contributed: number[];
}

/** A report, and the network as it stands: every parameter, in torch's order. */
export interface Standing {
  report: Report;
  parameters: Float64Array[];
}

const HELD_OUT = 128;
const PROFILED = 8;
const HELD_OUT_SEED = 1_000_003; // above every seed that the page offers

export interface Runner {
  training: Training;
  heldOut: Batch;
  profiled: Batch;
  step: number;
}

export function start(recipe: Recipe): Runner {
  const draw = random(HELD_OUT_SEED);
  const sample = (batch: number) => TASKS[recipe.task].sample(recipe.length, batch, draw);
  return { training: begin(recipe), heldOut: sample(HELD_OUT), profiled: sample(PROFILED), step: 0 };
}

/** Trains for `steps` steps, and reports. */
export function go(runner: Runner, steps: number): Report {
  let [sum, largest] = [0, 0];
  for (let k = 0; k < steps; k++) {
    const { loss, gradientNorm } = advance(runner.training);
    sum += loss;
    largest = Math.max(largest, gradientNorm);
  }
  runner.step += steps;
  return { step: runner.step, ...look(runner), loss: steps ? sum / steps : null, gradientNorm: steps ? largest : null };
}

function look({ training: { network, recipe }, heldOut, profiled }: Runner): Pick<Report, "accuracy" | "left" | "contributed"> {
  const { output } = run(network, heldOut.x);
  const asked = (output: Float64Array) => TASKS[recipe.task].loss(output, profiled).dOutput;
  const { total, contributed } = profile(network, profiled.x, asked);
  return { accuracy: accuracy(output, heldOut.y as Int32Array), left: total, contributed };
}

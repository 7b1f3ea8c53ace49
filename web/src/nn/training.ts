/** One step of training: draw, run, back through time, clip, update. */

import { initialise } from "./initialisation.ts";
import type { CellName } from "./cells/index.ts";
import { emptyNetwork, gradients, listed, type Network, run, runBack } from "./network.ts";
import { type Adam, adam, clip, update } from "./optimiser.ts";
import { type Random, random } from "./random.ts";
import { type Batch, type Task, TASKS } from "./tasks.ts";

export interface Recipe {
  cell: CellName;
  initialisation: string;
  hidden: number;
  layers: number;
  task: Task["name"];
  length: number;
  batch: number;
  rate: number;
  largestNorm: number;
  seed: number;
}

export interface Training {
  recipe: Recipe;
  network: Network;
  optimiser: Adam;
  draw: Random;
}

export interface StepDone {
  loss: number;
  gradientNorm: number;
}

export function begin(recipe: Recipe): Training {
  const task = TASKS[recipe.task];
  const draw = random(recipe.seed);
  const network = emptyNetwork(recipe.cell, task.inputs, recipe.hidden, task.outputs, recipe.layers);
  initialise(network, recipe.initialisation, draw, recipe.length);
  return { recipe, network, optimiser: adam(listed(network), recipe.rate), draw };
}

/** Draws a batch and learns from it. */
export function advance(training: Training): StepDone {
  const { recipe, draw } = training;
  return learn(training, TASKS[recipe.task].sample(recipe.length, recipe.batch, draw));
}

export function learn({ recipe, network, optimiser }: Training, batch: Batch): StepDone {
  const done = run(network, batch.x);
  const loss = TASKS[recipe.task].loss(done.output, batch);
  const found = gradients(network, done, runBack(network, done, loss.dOutput));
  return { loss: loss.value, gradientNorm: descend(optimiser, listed(network), found, recipe.largestNorm) };
}

/** Clips and updates, in place; returns the norm before clipping. */
export function descend(optimiser: Adam, parameters: Float64Array[], found: Float64Array[], largestNorm: number): number {
  const norm = clip(found, largestNorm);
  update(optimiser, parameters, found);
  return norm;
}

/** A network of the race as it stood at one step, kept so that chapters 5 to 7 can look at it. */

import { emptyNetwork, listed, type Network } from "../nn/network.ts";
import { type Batch, TASKS } from "../nn/tasks.ts";
import { random } from "../nn/random.ts";
import type { Recipe } from "../nn/training.ts";

export interface Held {
  /** As the race names it. */
  entrant: string;
  recipe: Recipe;
  step: number;
  network: Network;
}

const SEED = 1_000_003; // of sequences that it was not trained on

class Inside {
  held: Held | null = $state.raw(null);
}
export const inside = new Inside();

/** parameters: in torch's order. */
export function hold(entrant: string, recipe: Recipe, step: number, parameters: readonly Float64Array[]): void {
  const { inputs, outputs } = TASKS[recipe.task];
  const network = emptyNetwork(recipe.cell, inputs, recipe.hidden, outputs, recipe.layers);
  listed(network).forEach((values, k) => values.set(parameters[k]!));
  inside.held = { entrant, recipe, step, network };
}

/** What it is looked at on. */
export function lookedAt({ recipe }: Held, batch: number): Batch {
  return TASKS[recipe.task].sample(recipe.length, batch, random(SEED));
}

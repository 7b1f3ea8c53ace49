/** A thread of its own for one network: the first message is its recipe, each later one a number of steps. */

import type { Recipe } from "../nn/training.ts";
import { go, type Runner, start } from "./runner.ts";

let runner: Runner | undefined;

addEventListener("message", ({ data }: MessageEvent<Recipe | number>) => {
  if (typeof data !== "number") runner = start(data);
  postMessage(go(runner!, typeof data === "number" ? data : 0));
});

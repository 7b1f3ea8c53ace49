/** A thread of its own for one network: the first message is its recipe, each later one a number of steps. */

import { listed } from "../nn/network.ts";
import type { Recipe } from "../nn/training.ts";
import { go, type Runner, type Standing, start } from "./runner.ts";

let runner: Runner | undefined;

addEventListener("message", ({ data }: MessageEvent<Recipe | number>) => {
  if (typeof data !== "number") runner = start(data);
  const report = go(runner!, typeof data === "number" ? data : 0);
  postMessage({ report, parameters: listed(runner!.training.network) } satisfies Standing);
});

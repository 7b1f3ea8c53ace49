/** The built-in tasks that the page uses, as in `carousel/experiments/tasks`; symbols are one-hot. */

import type { Sequence } from "./layer.ts";
import { crossEntropy, type Loss, squaredError } from "./losses.ts";
import type { Random } from "./random.ts";

export interface Batch {
  x: Sequence;
  /** The right class of each sequence, or the number to answer with. */
  y: Int32Array | Float64Array;
  /** The steps that the answer depends on, of each sequence. */
  keys: number[][];
}

export interface Task {
  name: "delayed-recall" | "random-recall" | "adding";
  inputs: number;
  outputs: number;
  sample(length: number, batch: number, draw: Random): Batch;
  loss(output: Float64Array, batch: Batch): Loss;
}

export const KEYS = 8; // symbols 0..7 are keys, 8..15 distractors

function recall(name: Task["name"], position: (length: number, draw: Random) => number): Task {
  return {
    name,
    inputs: 2 * KEYS,
    outputs: KEYS,
    sample(length, B, draw) {
      const x = empty(length, 2 * KEYS, B);
      const y = new Int32Array(B);
      const keys: number[][] = [];
      for (let b = 0; b < B; b++) {
        const place = position(length, draw);
        y[b] = draw.integer(KEYS);
        keys.push([place]);
        for (let t = 0; t < length; t++) {
          const symbol = t === place ? y[b]! : KEYS + draw.integer(KEYS);
          x.values[(t * x.rows + symbol) * B + b] = 1;
        }
      }
      return { x, y, keys };
    },
    loss: (output, batch) => crossEntropy(output, batch.y as Int32Array),
  };
}

const DELAYED_RECALL = recall("delayed-recall", () => 0);
const RANDOM_RECALL = recall("random-recall", (length, draw) => draw.integer(length));

/** Values U[0, 1) and two marks; answer with the sum of the marked values. */
const ADDING: Task = {
  name: "adding",
  inputs: 2,
  outputs: 1,
  sample(length, B, draw) {
    const x = empty(length, 2, B);
    const y = new Float64Array(B);
    const keys: number[][] = [];
    for (let b = 0; b < B; b++) {
      const first = draw.integer(length);
      const marked = [first, (first + 1 + draw.integer(length - 1)) % length];
      for (let t = 0; t < length; t++) x.values[t * 2 * B + b] = draw.uniform();
      for (const t of marked) {
        x.values[(t * 2 + 1) * B + b] = 1;
        y[b]! += x.values[t * 2 * B + b]!;
      }
      keys.push(marked);
    }
    return { x, y, keys };
  },
  loss: (output, batch) => squaredError(output, batch.y as Float64Array),
};

export const TASKS: Record<Task["name"], Task> = {
  "delayed-recall": DELAYED_RECALL,
  "random-recall": RANDOM_RECALL,
  adding: ADDING,
};

function empty(steps: number, rows: number, batch: number): Sequence {
  return { steps, rows, batch, values: new Float64Array(steps * rows * batch) };
}

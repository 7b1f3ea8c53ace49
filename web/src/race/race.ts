/** The networks that race, and what may be said of how they stand. */

import type { CellName } from "../nn/cells/index.ts";
import type { Recipe } from "../nn/training.ts";
import type { Report } from "./runner.ts";

export interface Entrant {
  name: string;
  cell: CellName;
  initialisation: string;
  colour: string;
}

export const ENTRANTS: readonly Entrant[] = [
  { name: "rnn", cell: "rnn", initialisation: "default", colour: "--rnn" },
  { name: "orthogonal", cell: "rnn", initialisation: "orthogonal", colour: "--gru" },
  { name: "lstm", cell: "lstm", initialisation: "default", colour: "--other" },
  { name: "open", cell: "lstm", initialisation: "chrono", colour: "--lstm" },
];

export const STEPS = 1500;
export const STRIDE = 25; // steps between two reports
export const LEARNED = 0.95; // accuracy
export const [HIDDEN, BATCH] = [16, 32];

/** What a reader sets, for all of them. */
export type Settings = Pick<Recipe, "length" | "seed" | "rate" | "largestNorm">;

export function recipe({ cell, initialisation }: Pick<Entrant, "cell" | "initialisation">, settings: Settings): Recipe {
  return { cell, initialisation, hidden: HIDDEN, layers: 1, task: "delayed-recall", batch: BATCH, ...settings };
}

/** The step at which a network had learned; null as long as it has not. */
export function learnedAt(reports: readonly Report[]): number | null {
  return reports.find(({ accuracy }) => accuracy >= LEARNED)?.step ?? null;
}

/**
 * Which network learned first, by steps: its number, or how many there are where none has learned at the end.
 * null as long as one that is behind could still be first. Of two at the same step the one named first.
 */
export function winner(reports: readonly (readonly Report[])[]): number | null {
  const learned = reports.map((of) => learnedAt(of) ?? Infinity);
  const first = Math.min(...learned);
  const decided = reports.every((of) => (of.at(-1)?.step ?? 0) >= Math.min(first, STEPS));
  if (!decided) return null;
  return first === Infinity ? reports.length : learned.indexOf(first);
}

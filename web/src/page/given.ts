/** What `carousel lab` puts into the page: its texts, and the language if one was asked for. */

import type { CellName } from "../nn/cells/index.ts";

export type Language = "en" | "zh";

/** A run's best network, with sequences that it was not trained on; or a layer of the reader's own. */
export interface Trained {
  cell: CellName;
  layers: number;
  inputs: number;
  hidden: number;
  outputs: number;
  /** null: of the reader's own model. */
  task: string | null;
  parameters: number[][]; // in torch's order
  sequences: { steps: number; x: number[]; right: number | null }[];
}

/** One sentence of the folklore, and what a run measured of it. */
export interface Finding {
  claim: string;
  verdict: "supported" | "refuted" | "conditional" | "inconclusive" | "not-tested";
  /** Seeds, or networks. */
  n: number;
  en: FindingWords;
  zh: FindingWords;
}

export interface FindingWords {
  statement: string;
  word: string;
  says: string;
  /** A sentence with the one number; null where nothing was measured. */
  number: string | null;
}

export interface Given {
  /** null: that of the browser. */
  lang: Language | null;
  /** By language, by key: every text of `common/texts/lab*.toml`. */
  texts: Record<Language, Record<string, string>>;
  /** null where no run was given. */
  network: Trained | null;
  /** Of the evidence that ships with the package; of the run, null where none was given or it was not judged. */
  findings: { reference: Finding[]; run: Finding[] | null };
}

export const GIVEN: Given = JSON.parse(document.getElementById("given")!.textContent);

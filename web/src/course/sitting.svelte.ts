/** The paper that is open, kept while the reader looks something up in a chapter. */

export interface Sitting {
  seed: number;
  /** An answer for each question; null: none yet. */
  given: (number | null)[];
  /** It was handed in and is marked. */
  done: boolean;
  name: string;
}

export const sitting: Sitting = $state({ seed: 0, given: [], done: false, name: "" });

/** Begins a paper anew, unless it is the one that is open. */
export function sit(seed: number, questions: number): void {
  if (sitting.seed !== seed) Object.assign(sitting, { seed, given: new Array<null>(questions).fill(null), done: false });
}

/** The folklore's sentences, and what measured evidence says of them. */

import { GIVEN, type Language } from "../page/given.ts";

/** The four that the reader chooses from before anything is shown. */
export const STATEMENTS = ["vanishing", "length", "gates", "attention"] as const;

export function statementOf(claim: string, lang: Language): string {
  return GIVEN.findings.reference.find((finding) => finding.claim === claim)![lang].statement;
}

/** How many of the sentences hold as they stand. */
export function holding(): number {
  return GIVEN.findings.reference.filter(({ verdict }) => verdict === "supported").length;
}

/** The texts, from the package's catalogue (`common/texts/lab*.toml`), their places filled. */

import { GIVEN } from "./given.ts";
import { lab } from "./state.svelte.ts";

/** The text named `lab.KEY` in the reader's language. */
export function t(key: string, values: Record<string, string | number> = {}): string {
  const text = GIVEN.texts[lab.lang][`lab.${key}`];
  if (text === undefined) throw new Error(`no text lab.${key} in ${lab.lang}`);
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}

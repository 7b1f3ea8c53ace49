/** What `carousel lab` puts into the page: its texts, and the language if one was asked for. */

export type Language = "en" | "zh";

export interface Given {
  /** null: that of the browser. */
  lang: Language | null;
  /** By language, by key: every text of `common/texts/lab*.toml`. */
  texts: Record<Language, Record<string, string>>;
}

export const GIVEN: Given = JSON.parse(document.getElementById("given")!.textContent);

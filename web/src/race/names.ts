/** How a network of the race is called. */

import type { Recipe } from "../nn/training.ts";
import { t } from "../page/texts.ts";

export const OWN = "own";

export function nameOf(entrant: string, { cell, initialisation }: Pick<Recipe, "cell" | "initialisation">): string {
  return entrant === OWN ? t("race.own", { cell, start: initialisation }) : t(`four.${entrant}`);
}

/** The chapters in their order. A chapter is here once it is whole in both languages. */

import type { Component } from "svelte";
import { GIVEN } from "../page/given.ts";
import { lab } from "../page/state.svelte.ts";
import Backward from "./Backward.svelte";
import Cell from "./Cell.svelte";
import Forward from "./Forward.svelte";
import Four from "./Four.svelte";
import Length from "./Length.svelte";
import Race from "./Race.svelte";
import Trap from "./Trap.svelte";
import Yours from "./Yours.svelte";

export interface Chapter {
  /** Its name in the address and of its texts. */
  id: string;
  view: Component;
  /** Where its steps begin: at the first, or at the last on the way back. */
  start: () => number;
}

const last = () => lab.x.length;
const first = () => 1;

const YOURS: Chapter = { id: "yours", view: Yours, start: last };

export const CHAPTERS: readonly Chapter[] = [
  { id: "forward", view: Forward, start: first },
  { id: "backward", view: Backward, start: last },
  { id: "length", view: Length, start: last },
  { id: "cell", view: Cell, start: last },
  { id: "trap", view: Trap, start: last },
  { id: "four", view: Four, start: last },
  { id: "race", view: Race, start: last },
  ...(GIVEN.network ? [YOURS] : []),
];

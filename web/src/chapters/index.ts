/** The chapters in their order. A chapter is here once it is whole in both languages. */

import type { Component } from "svelte";
import { GIVEN } from "../page/given.ts";
import { lab } from "../page/state.svelte.ts";
import Ask from "./Ask.svelte";
import Backward from "./Backward.svelte";
import Cell from "./Cell.svelte";
import Course from "./Course.svelte";
import Folklore from "./Folklore.svelte";
import Forward from "./Forward.svelte";
import Four from "./Four.svelte";
import Gates from "./Gates.svelte";
import Length from "./Length.svelte";
import Matrix from "./Matrix.svelte";
import Race from "./Race.svelte";
import Trap from "./Trap.svelte";
import Yours from "./Yours.svelte";

export interface Chapter {
  /** Its name in the address and of its texts. */
  id: string;
  /** By which a teacher names it. */
  number: number;
  view: Component;
  /** Where its steps begin: at the first, or at the last on the way back. */
  start: () => number;
}

const last = () => lab.x.length;
const first = () => 1;

const YOURS: Chapter = { id: "yours", number: 11, view: Yours, start: last };

export const CHAPTERS: readonly Chapter[] = [
  { id: "ask", number: 0, view: Ask, start: first },
  { id: "forward", number: 1, view: Forward, start: first },
  { id: "backward", number: 2, view: Backward, start: last },
  { id: "length", number: 3, view: Length, start: last },
  { id: "matrix", number: 4, view: Matrix, start: last },
  { id: "cell", number: 5, view: Cell, start: last },
  { id: "trap", number: 6, view: Trap, start: last },
  { id: "four", number: 7, view: Four, start: last },
  { id: "race", number: 8, view: Race, start: last },
  { id: "gates", number: 9, view: Gates, start: last },
  { id: "folklore", number: 10, view: Folklore, start: last },
  ...(GIVEN.network ? [YOURS] : []),
  { id: "course", number: 12, view: Course, start: last },
];

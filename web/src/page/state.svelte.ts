/** What is chosen once and every view follows. The address keeps it, so that a teacher can point at a place. */

import { CELLS, type CellName } from "../nn/cells/index.ts";
import { startsOf } from "../nn/initialisation.ts";
import { GIVEN, type Language } from "./given.ts";

export interface Lab {
  lang: Language;
  chapter: string;
  /** The reader's sequence. */
  x: number[];
  /** The step that is looked at, counted from 1. */
  t: number;
  /** The scalar network: h = tanh(w h + u x). */
  w: number;
  u: number;
  /** Steps of the long sequences. */
  T: number;
  /** The bias of the forget gate. */
  b: number;
  /** A factor of the recurrent matrices. */
  scale: number;
  /** Steps back from the last one. */
  k: number;
  /** A unit of a layer, counted from 1. */
  unit: number;
  /** Of the race: its networks and what they are trained on. */
  seed: number;
  rate: number;
  /** The largest norm of a gradient. */
  norm: number;
  /** Of the reader's own entrant: "" for none. */
  cell: CellName | "";
  start: string;
  /** The seed of the paper that is open; 0: none. */
  paper: number;
  /** Whether views are shown before their question is answered, as after a question of the course. */
  shown: boolean;
}

export const LONGEST = 8; // numbers of the reader's sequence: as many as can be looked at one by one

const NUMBERS = {
  t: [1, LONGEST],
  w: [-2, 2],
  u: [-2, 2],
  T: [5, 100],
  b: [-3, 5],
  scale: [0, 2],
  k: [0, 100],
  unit: [1, 64],
  seed: [1, 100],
  rate: [0.001, 0.1],
  norm: [0.1, 100],
  paper: [0, 999_999],
} as const satisfies Partial<Record<keyof Lab, readonly [number, number]>>;

export const RANGES: Record<keyof typeof NUMBERS, readonly [number, number]> = NUMBERS;

export const lab: Lab = $state({
  lang: GIVEN.lang ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en"),
  chapter: "ask",
  x: [1, 0, 0, 0, 0],
  t: 1,
  w: 0.9,
  u: 1,
  T: 30,
  b: 0,
  scale: 1,
  k: 30,
  unit: 1,
  seed: 1,
  rate: 0.01,
  norm: 1,
  cell: "",
  start: "default",
  paper: 0,
  shown: false,
});

/** "chapter=backward&t=3&w=0.9&x=1,0,0" */
export function address(): string {
  const numbers = Object.keys(NUMBERS).map((name) => `${name}=${lab[name as keyof typeof NUMBERS]}`);
  return [`chapter=${lab.chapter}`, ...numbers, `x=${lab.x.join(",")}`, `cell=${lab.cell}`, `start=${lab.start}`, `lang=${lab.lang}`].join("&");
}

/** Takes what is valid of an address, "?paper=7" or "#chapter=3&t=2"; the rest stays as it is. A chapter by its name or number. */
export function follow(address: string, chapters: readonly { id: string; number: number }[]): void {
  const asked = new URLSearchParams(address.replace(/^[#?]/, ""));
  const chapter = chapters.find(({ id, number }) => [id, String(number)].includes(asked.get("chapter") ?? ""))?.id;
  if (chapter) lab.chapter = chapter;
  const lang = asked.get("lang");
  if (lang === "en" || lang === "zh") lab.lang = lang;
  const x = sequence(asked.get("x") ?? "");
  if (x.values) lab.x = x.values;
  for (const [name, [low, high]] of Object.entries(NUMBERS)) {
    const value = Number(asked.get(name) ?? NaN);
    if (value >= low && value <= high) lab[name as keyof typeof NUMBERS] = value;
  }
  const cell = asked.get("cell");
  if (cell === "" || (cell && cell in CELLS)) lab.cell = cell as CellName | "";
  const start = asked.get("start") ?? "";
  if (lab.cell && startsOf(lab.cell).includes(start)) lab.start = start;
  lab.t = Math.min(Math.round(lab.t), lab.x.length);
  lab.unit = Math.round(lab.unit);
  lab.paper = Math.round(lab.paper);
  if (!chapter && asked.get("paper") && lab.paper) lab.chapter = "course"; // paper=SEED alone
}

export interface Sequence {
  values?: number[];
  /** The key of what is wrong, and the part that it is about. */
  wrong?: string;
  part?: string;
}

/** Numbers between commas or spaces, Chinese ones too. */
export function sequence(typed: string): Sequence {
  const parts = typed.split(/[\s,;，；、]+/).filter((part) => part !== "");
  if (parts.length < 2) return { wrong: "sequence.short" };
  if (parts.length > LONGEST) return { wrong: "sequence.long", part: String(parts.length) };
  const bad = parts.find((part) => !(Math.abs(Number(part)) <= 10));
  if (bad !== undefined) return { wrong: "sequence.number", part: bad };
  return { values: parts.map(Number) };
}

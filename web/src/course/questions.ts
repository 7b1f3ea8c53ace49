/**
 * Questions are drawn from templates. A template and every value that it may be drawn with are declared in
 * `carousel/page/questions.json`, which `carousel lab mark` reads too; the answer is computed.
 */

import DECLARED from "../../../src/carousel/page/questions.json" with { type: "json" };
import { type Random, random } from "../nn/random.ts";
import { ANSWERS } from "./answers.ts";

type Declared = typeof DECLARED;
export type Template = keyof Declared;
/** What a question of one template was drawn with; `Values`: of any. */
export type Drawn<T extends Template> = { [Name in keyof Declared[T]["draws"]]: Declared[T]["draws"][Name] extends (infer V)[] ? V : never };
export type Values = Record<string, number | string | number[]>;

interface Declaration {
  chapter: string;
  kind: "number" | "choice" | "step";
  /** Of a choice. */
  options?: string[];
  /** Of a number: right is what differs by no more than the larger of the two. */
  tolerance?: { relative: number; absolute: number };
  draws: Record<string, Values[string][]>;
}

export interface Question {
  template: Template;
  values: Values;
}

export const TEMPLATES = DECLARED as unknown as Record<Template, Declaration>;
const NAMES = Object.keys(TEMPLATES) as Template[];
export const ON_A_PAPER = 10;
export const ON_A_SHEET = 6;
export const SEEDS = [1, 999_999] as const;

export function templatesOf(chapter: string): Template[] {
  return NAMES.filter((name) => TEMPLATES[name].chapter === chapter);
}

export function drawn(template: Template, draw: Random): Question {
  const values = Object.entries(TEMPLATES[template].draws).map(([name, among]) => [name, among[draw.integer(among.length)]!]);
  return { template, values: Object.fromEntries(values) as Values };
}

/** The same questions for everyone who gives the same seed: one of each chapter, the rest from anywhere. */
export function paper(seed: number, length = ON_A_PAPER): Question[] {
  const draw = random(seed);
  const chapters = [...new Set(NAMES.map((name) => TEMPLATES[name].chapter))];
  const chosen = chapters.map((chapter) => picked(templatesOf(chapter), draw));
  while (chosen.length < length) chosen.push(picked(NAMES.filter((name) => !chosen.includes(name)), draw));
  return chosen.slice(0, length).map((template) => drawn(template, draw));
}

/** A number, the number of the option counted from 0, or the step counted from 1. */
export function answerOf({ template, values }: Question): number {
  return (ANSWERS[template] as (of: Values) => number)(values);
}

/** Whether it is right; null: not answered. */
export function marked(question: Question, given: number | null): boolean {
  if (given === null) return false;
  const right = answerOf(question);
  const { relative, absolute } = TEMPLATES[question.template].tolerance ?? { relative: 0, absolute: 0 };
  return Math.abs(given - right) <= Math.max(relative * Math.abs(right), absolute);
}

function picked(among: Template[], draw: Random): Template {
  return among[draw.integer(among.length)]!;
}

/** A question in words: its options, what stands in its texts, and the place of the lesson that explains it. */

import { plain, shown } from "../page/numbers.ts";
import { type Lab, lab } from "../page/state.svelte.ts";
import { t } from "../page/texts.ts";
import { answerOf, type Question, type Template, TEMPLATES, type Values } from "./questions.ts";

/** What can be chosen, or pointed at. */
export function options({ template, values }: Question): string[] {
  const { kind, options: names = [] } = TEMPLATES[template];
  if (kind === "step" && values.fs) return (values.fs as number[]).map((f, k) => t("course.step_f", { t: k + 1, f: plain(f) }));
  if (kind === "step") return (values.x as number[]).map((x, k) => t("course.step", { t: k + 1, x: plain(x) }));
  return names.map((name) => option(template, name, values));
}

function option(template: Template, name: string, values: Values): string {
  if (template === "forward_largest") return `w = ${plain((values.ws as number[])[Number(name)]!)}`;
  if (template === "cell_partner") return `${name === "c" ? t("course.c_before") : name} = ${plain(values[name] as number)}`;
  if (template === "four_most") return t(`four.${name}`);
  if (template === "length_explodes") return t(`length.${name}`);
  if (template === "folklore_interval") return t(`course.${name}`);
  return t(`answers.${name}`);
}

export function ask(question: Question): string {
  return t(`course.${question.template}_ask`, told(question));
}

/** The right answer with its reason. */
export function because(question: Question): string {
  return t(`course.${question.template}_because`, { ...told(question), answer: answerText(question) });
}

export function answerText(question: Question): string {
  const answer = answerOf(question);
  const { kind } = TEMPLATES[question.template];
  if (kind === "number") return shown(answer);
  return options(question)[kind === "choice" ? answer : answer - 1]!;
}

function told({ template, values }: Question): Record<string, string> {
  const word = (value: Values[string]) =>
    Array.isArray(value) ? value.map(plain).join(", ") : typeof value === "number" ? number(value) : value;
  const found = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, word(value)]));
  if (typeof values.network === "string") found.network = t(`four.${values.network}`);
  if (template === "folklore_interval") found.high = number((values.low as number) + (values.width as number));
  if (typeof values.T === "number") found.back = String(values.T - 1);
  if (Array.isArray(values.x) && typeof values.T === "number") found.x = values.x.slice(0, values.T).map(plain).join(", ");
  return found;
}

/** A share of a thousandth keeps its figures, or is a power of ten. */
function number(value: number): string {
  const rounded = Number(value.toFixed(4));
  if (rounded === 0 && value !== 0) return shown(value);
  return Number.isInteger(Number((rounded * 100).toFixed(6))) ? plain(rounded) : String(rounded);
}

/** Sets the chapter's view to the numbers of the question. */
export function look({ template, values }: Question): void {
  const { w, u, b, k, T, f } = values as Record<string, number>;
  const state: Partial<Lab> = {};
  if (w !== undefined) state.w = w;
  if (u !== undefined) state.u = u;
  if (b !== undefined) state.b = b;
  if (k !== undefined) Object.assign(state, { k, T: Math.min(100, k + 1) });
  if (f !== undefined && template === "trap_scale") state.b = Math.log(f / (1 - f));
  if (Array.isArray(values.x)) state.x = values.x.slice(0, T ?? values.x.length);
  else if (T !== undefined && template.startsWith("forward")) state.x = [1, ...new Array<number>(T - 1).fill(0)];
  else if (T !== undefined) Object.assign(state, { T, k: T - 1 });
  Object.assign(lab, state, { chapter: TEMPLATES[template].chapter, shown: true });
  scrollTo({ top: 0 });
}

/** 0.23, 0,23, 23 %, 1e-9, 10^-9, 2 × 10⁻⁹; null: no number. */
export function typed(text: string): number | null {
  const figures = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const plainly = text
    .trim()
    .replace(/[−–]/g, "-")
    .replace(/[⁰¹²³⁴-⁹⁻]+/g, (raised) => `^${[...raised].map((c) => (c === "⁻" ? "-" : figures.indexOf(c))).join("")}`)
    .replace(/\s*[×x*·]\s*10\s*\^\s*/i, "e")
    .replace(/^(-?)10\s*\^\s*/, "$11e")
    .replace(",", ".");
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(%?)$/i.exec(plainly);
  return match ? Number(match[1]) / (match[2] ? 100 : 1) : null;
}

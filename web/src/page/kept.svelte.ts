/** What the browser keeps of a reader: the choice of the first chapter, what was read, what was answered. */

export interface Paper {
  seed: number;
  right: number;
  of: number;
  /** 2026-11-29 */
  day: string;
}

export interface Kept {
  version: 1;
  /** The claim that was taken for true before anything was shown. */
  choice: string | null;
  /** By chapter: the day on which it was read to its end. */
  read: Record<string, string>;
  /** By template of a question: how often it was answered, and how often rightly. */
  answered: Record<string, { times: number; right: number }>;
  papers: Paper[];
}

const PLACE = "carousel-lab";
const NOTHING: Kept = { version: 1, choice: null, read: {}, answered: {}, papers: [] };

/** As it was found when the page opened; `keep` and other tabs change it. */
export const kept: Kept = $state(structuredClone(NOTHING));
/** works: whether the browser keeps anything here; where not, it is kept until the page closes. shared: another tab wrote. */
export const storage = $state({ works: true, shared: false });

/** Changes what is kept. It is read anew first: another tab may have written. */
export function keep(change: (kept: Kept) => void): void {
  take(stored() ?? $state.snapshot(kept));
  change(kept);
  try {
    localStorage.setItem(PLACE, JSON.stringify(kept));
  } catch {
    storage.works = false; // said on the page of the course
  }
}

/** Reads what was kept, and what another tab keeps from now on. */
export function resume(): void {
  take(stored() ?? structuredClone(NOTHING));
  addEventListener("storage", ({ key, newValue }) => {
    if (key !== null && key !== PLACE) return;
    const found = newValue === null ? structuredClone(NOTHING) : read(newValue);
    if (found) take(found); // what cannot be read changes nothing here
    storage.shared = found !== null && newValue !== null; // said on the page of the course
  });
}

/** The file that `taken` reads. */
export function asFile(): string {
  return JSON.stringify(kept);
}

/** Takes what a file of `asFile` holds instead of what was kept. false: it is no such file, and nothing is changed. */
export function taken(file: string): boolean {
  const found = read(file);
  if (found) keep((kept) => Object.assign(kept, found));
  return found !== null;
}

/** 2026-11-29, where the reader is. */
export function today(): string {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

function take(found: Kept): void {
  Object.assign(kept, found);
}

function stored(): Kept | null {
  try {
    return read(localStorage.getItem(PLACE) ?? "");
  } catch {
    storage.works = false;
    return null;
  }
}

/** null for what is not ours, or not whole. */
function read(text: string): Kept | null {
  const found = parsed(text) as Partial<Kept> | null;
  const whole =
    found?.version === 1 &&
    (found.choice === null || typeof found.choice === "string") &&
    Object.values(found.read ?? [0]).every((day) => typeof day === "string") &&
    Object.values(found.answered ?? [0]).every((each) => each.times >= each.right && each.right >= 0) &&
    Array.isArray(found.papers) &&
    found.papers.every((paper) => paper.of >= paper.right && paper.right >= 0 && typeof paper.day === "string");
  return whole ? (found as Kept) : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

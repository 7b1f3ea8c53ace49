/** A sequence as a reader types or pastes it, or has it in a file: a line a step, or a symbol's number a step. */

export interface Typed {
  /** [T, I] flat, of a whole sequence. */
  x?: number[];
  /** The key of what is wrong, and what it is about. */
  wrong?: string;
  part?: string;
  line?: number;
}

export const LONGEST = 200; // steps

/** symbols: whether the network reads one-hot symbols, each named by its number from 1. */
export function typedSequence(text: string, inputs: number, symbols: boolean): Typed {
  const single = symbols || inputs === 1;
  const lines = (single ? text.split(/[\s,;，；、]+/) : text.split(/\n/)).map((line) => line.trim()).filter((line) => line !== "");
  if (lines.length === 0) return { wrong: "yours.nothing" };
  if (lines.length > LONGEST) return { wrong: "yours.long", part: String(lines.length) };
  const x: number[] = [];
  for (const [at, line] of lines.entries()) {
    const parts = single ? [line] : line.split(/[\s,;，；、]+/);
    const bad = parts.find((part) => part === "" || !Number.isFinite(Number(part)));
    if (bad !== undefined) return { wrong: "yours.no_number", part: bad, line: at + 1 };
    const row = parts.map(Number);
    if (symbols && !(Number.isInteger(row[0]) && row[0]! >= 1 && row[0]! <= inputs)) return { wrong: "yours.no_symbol", part: line, line: at + 1 };
    if (!single && row.length !== inputs) return { wrong: "yours.width", part: String(row.length), line: at + 1 };
    x.push(...(symbols ? oneHot(row[0]!, inputs) : row));
  }
  return { x };
}

/** As `typedSequence` reads it. */
export function asText(x: readonly number[], inputs: number, symbols: boolean): string {
  const rows = Array.from({ length: x.length / inputs }, (_, t) => x.slice(t * inputs, (t + 1) * inputs));
  if (symbols) return rows.map((row) => row.indexOf(1) + 1).join(", ");
  return rows.map((row) => row.map((value) => Number(value.toPrecision(4))).join(", ")).join(inputs === 1 ? ", " : "\n");
}

/** Whether every step is one symbol. */
export function areSymbols(x: readonly number[], inputs: number): boolean {
  const ones = x.filter((value) => value === 1).length;
  return inputs > 1 && ones === x.length / inputs && x.every((value) => value === 0 || value === 1);
}

function oneHot(symbol: number, inputs: number): number[] {
  return Array.from({ length: inputs }, (_, i) => (i === symbol - 1 ? 1 : 0));
}

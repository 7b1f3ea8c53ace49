/** Numbers as a reader sees them: three figures, and a power of ten where they are small or large. */

const SUPERSCRIPT: Record<string, string> = {
  "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹",
};

export function shown(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 0.001 && size < 10_000) return minus(size >= 0.1 ? rounded(value, size) : value.toPrecision(2));
  const [figures, power] = value.toExponential(1).split("e");
  return minus(`${figures} × 10${raised(Number(power))}`);
}

/** A number that the reader chose, with no more figures than were typed: 0.9. */
export function plain(value: number): string {
  return minus(String(Number(value.toFixed(2))));
}

/** h₃ */
export function indexed(name: string, step: number): string {
  return name + [...String(step)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]).join("");
}

/** 10⁻⁶ */
export function powerOfTen(power: number): string {
  return power === 0 ? "1" : `10${raised(power)}`;
}

/** 58 %, and as `shown` below a thousandth of a percent. */
export function percent(part: number): string {
  const hundred = 100 * part;
  return `${shown(hundred)} %`;
}

function rounded(value: number, size: number): string {
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function raised(power: number): string {
  return [...String(power)].map((digit) => SUPERSCRIPT[digit]!).join("");
}

function minus(text: string): string {
  return text.replace("-", "−");
}

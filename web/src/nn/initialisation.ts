/**
 * The package's initialisations by name (`carousel/nn/initialisation.py`): "default", "forget-bias-1", "chrono-100".
 *
 * A rule about "the bias" sets the sum of torch's two: one holds it, the other is 0.
 */

import { CELLS, type CellName } from "./cells/index.ts";
import type { Layer } from "./layer.ts";
import type { Network } from "./network.ts";
import { orthogonal } from "./orthogonal.ts";
import type { Random } from "./random.ts";

type Fill = (layer: Layer, draw: Random, number: number) => void;

interface Rule {
  fill: Fill;
  fits: readonly CellName[];
  number?: number; // what stands for a number that is not given
  takesLength?: boolean; // then it is T
}

const ALL = Object.keys(CELLS) as CellName[];
const RULES: Record<string, Rule> = {
  default: { fill: torchDefault, fits: ALL },
  orthogonal: { fill: orthogonalBlocks, fits: ALL },
  identity: { fill: identity, fits: ["rnn", "rnn-relu"] },
  "forget-bias": { fill: forgetBias, fits: ["lstm", "lstm-coupled"], number: 1 },
  "closed-input": { fill: closedInput, fits: ["lstm", "lstm-1997"], number: 3 },
  keras: { fill: keras, fits: ALL },
  chrono: { fill: chrono, fits: ["lstm", "lstm-coupled", "gru"], takesLength: true },
};

/** The names of the rules that are defined for a cell. */
export function startsOf(cell: CellName): string[] {
  return Object.keys(RULES).filter((name) => RULES[name]!.fits.includes(cell));
}

/** Fills every layer by the named rule, and the readout by torch's default. length: T, which chrono uses. */
export function initialise(network: Network, name: string, draw: Random, length: number): void {
  const [rule, number] = ruleOf(name, length);
  for (const layer of network.layers) rule.fill(layer, draw, number);
  const { weight, bias } = network.readout;
  const bound = Math.sqrt(bias.length / weight.length);
  fillUniform(weight, bound, draw);
  fillUniform(bias, bound, draw);
}

function ruleOf(name: string, length: number): [Rule, number] {
  const [, base, given] = /^(.*?)(?:-(\d+(?:\.\d+)?))?$/.exec(name)!;
  const rule = RULES[base!];
  if (!rule) throw new Error(`no initialisation ${name}; there are ${Object.keys(RULES).join(", ")}`);
  return [rule, given === undefined ? (rule.takesLength ? length : (rule.number ?? 0)) : Number(given)];
}

function torchDefault({ hidden, parameters: p }: Layer, draw: Random): void {
  for (const values of [p.weight_ih, p.weight_hh, p.bias_ih, p.bias_hh]) fillUniform(values, hidden ** -0.5, draw);
}

function orthogonalBlocks(layer: Layer, draw: Random): void {
  torchDefault(layer, draw);
  const H = layer.hidden;
  layer.cell.blocks.forEach((_, k) => layer.parameters.weight_hh.set(orthogonal(H, H, draw), k * H * H));
}

function identity({ hidden: H, parameters: p }: Layer, draw: Random): void {
  for (let j = 0; j < p.weight_ih.length; j++) p.weight_ih[j] = 0.001 * draw.normal();
  p.weight_hh.fill(0);
  for (let j = 0; j < H; j++) p.weight_hh[j * H + j] = 1;
  clearBiases(p);
}

function forgetBias(layer: Layer, draw: Random, bias: number): void {
  torchDefault(layer, draw);
  setBias(layer, "f", () => bias);
}

function closedInput(layer: Layer, draw: Random, bias: number): void {
  torchDefault(layer, draw);
  setBias(layer, "i", () => -bias);
}

function keras(layer: Layer, draw: Random): void {
  const { hidden: H, inputs, cell, parameters: p } = layer;
  const rows = cell.blocks.length * H;
  fillUniform(p.weight_ih, Math.sqrt(6 / (rows + inputs)), draw);
  p.weight_hh.set(orthogonal(rows, H, draw));
  clearBiases(p);
  if (cell.blocks.includes("f")) setBias(layer, "f", () => 1);
}

/** In a GRU the update gate keeps, and carries the bias of f. */
function chrono(layer: Layer, draw: Random, length: number): void {
  torchDefault(layer, draw);
  const longest = Math.max(length - 1, 1);
  const biases = Array.from({ length: layer.hidden }, () => Math.log(1 + (longest - 1) * draw.uniform()));
  setBias(layer, layer.cell.name === "gru" ? "z" : "f", (unit) => biases[unit]!);
  if (layer.cell.blocks.includes("i")) setBias(layer, "i", (unit) => -biases[unit]!);
}

function setBias({ cell, hidden, parameters: p }: Layer, block: string, bias: (unit: number) => number): void {
  const start = cell.blocks.indexOf(block) * hidden;
  for (let unit = 0; unit < hidden; unit++) {
    p.bias_ih[start + unit] = bias(unit);
    p.bias_hh[start + unit] = 0;
  }
}

function clearBiases(p: Layer["parameters"]): void {
  p.bias_ih.fill(0);
  p.bias_hh.fill(0);
}

function fillUniform(values: Float64Array, bound: number, draw: Random): void {
  for (let j = 0; j < values.length; j++) values[j] = bound * (2 * draw.uniform() - 1);
}

/**
 * A causal Transformer of one block, forward and backward: z + attention(LN z), then z + MLP(LN z), a last LayerNorm and
 * a readout of the last step. As `carousel/experiments/contenders/transformer.py`, parameters in its order.
 */

import { attend, attendBack, type Mixed } from "./attention.ts";
import type { Sequence } from "./layer.ts";
import type { Linear } from "./network.ts";
import { gelu, geluBack, type Norm, normalise, normaliseBack, type Normalised } from "./pointwise.ts";
import { addBias, addOuter, addProduct, addSums, addTransposed } from "./products.ts";
import type { Random } from "./random.ts";

export interface Transformer {
  embedding: Linear;
  attentionNorm: Norm;
  project: Linear;
  join: Linear;
  mlpNorm: Norm;
  widen: Linear;
  narrow: Linear;
  norm: Norm;
  linear: Linear;
}

export interface TransformerRun {
  steps: number;
  batch: number;
  x: Float64Array; // [I, T * B]
  attended: Normalised;
  mixed: Mixed;
  fed: Normalised;
  wide: Float64Array; // before the GELU
  last: Normalised; // of the last step, [D, B]
  output: Float64Array; // [O, B]
}

/** Every matrix 0, every LayerNorm as it starts. */
export function emptyTransformer(inputs: number, width: number, mlp: number, outputs: number): Transformer {
  return {
    embedding: linear(inputs, width),
    attentionNorm: unit(width),
    project: linear(width, 3 * width),
    join: linear(width, width),
    mlpNorm: unit(width),
    widen: linear(width, mlp),
    narrow: linear(mlp, width),
    norm: unit(width),
    linear: linear(width, outputs),
  };
}

/** torch's default of linear layers and LayerNorm. */
export function initialiseTransformer(network: Transformer, draw: Random): void {
  for (const { weight, bias } of Object.values(network) as Linear[]) {
    if (weight.length === bias.length) continue; // a LayerNorm
    const bound = Math.sqrt(bias.length / weight.length);
    for (const values of [weight, bias]) for (let j = 0; j < values.length; j++) values[j] = bound * (2 * draw.uniform() - 1);
  }
}

/** Every parameter, or its gradient, in torch's order. */
export function listedTransformer(of: Transformer): Float64Array[] {
  return Object.values(of).flatMap(({ weight, bias }: Linear) => [weight, bias]);
}

export function runTransformer(network: Transformer, sequence: Sequence): TransformerRun {
  const { steps, batch } = sequence;
  const [x, N] = [sideBySide(sequence), steps * batch];
  const z = affine(network.embedding, x, N);
  const attended = normalise(network.attentionNorm, z);
  const mixed = attend(affine(network.project, attended.values, N), steps, batch);
  add(z, affine(network.join, mixed.values, N));
  const fed = normalise(network.mlpNorm, z);
  const wide = affine(network.widen, fed.values, N);
  add(z, affine(network.narrow, gelu(wide), N));
  const last = normalise(network.norm, lastStep(z, N, batch));
  return { steps, batch, x, attended, mixed, fed, wide, last, output: affine(network.linear, last.values, batch) };
}

export interface TransformerDerivatives {
  /** dL/d of every parameter, as the network holds them. */
  parameters: Transformer;
  x: Float64Array; // [I, T * B]
}

/** From dL/d output [O, B]. */
export function transformerBack(network: Transformer, done: TransformerRun, dOutput: Float64Array): TransformerDerivatives {
  const { steps, batch, x, attended, mixed, fed, wide, last } = done;
  const N = steps * batch;
  const found = zeros(network);
  const dLast = normaliseBack(network.norm, last, affineBack(network.linear, last.values, dOutput, batch, found.linear), found.norm);
  const dz = atLastStep(dLast, N, batch);
  const dWide = geluBack(wide, affineBack(network.narrow, gelu(wide), dz, N, found.narrow));
  add(dz, normaliseBack(network.mlpNorm, fed, affineBack(network.widen, fed.values, dWide, N, found.widen), found.mlpNorm));
  const dqkv = attendBack(mixed, affineBack(network.join, mixed.values, dz, N, found.join));
  const dAttended = affineBack(network.project, attended.values, dqkv, N, found.project);
  add(dz, normaliseBack(network.attentionNorm, attended, dAttended, found.attentionNorm));
  return { parameters: found, x: affineBack(network.embedding, x, dz, N, found.embedding) };
}

function linear(inputs: number, outputs: number): Linear {
  return { weight: new Float64Array(outputs * inputs), bias: new Float64Array(outputs) };
}

function unit(width: number): Norm {
  return { weight: new Float64Array(width).fill(1), bias: new Float64Array(width) };
}

function zeros(network: Transformer): Transformer {
  const entries = Object.entries(network) as [string, Linear][];
  return Object.fromEntries(
    entries.map(([name, { weight, bias }]) => [name, { weight: new Float64Array(weight.length), bias: new Float64Array(bias.length) }]),
  ) as unknown as Transformer;
}

function affine({ weight, bias }: Linear, x: Float64Array, N: number): Float64Array {
  const out = new Float64Array(bias.length * N);
  addBias(out, bias, N);
  addProduct(out, weight, x, N);
  return out;
}

/** dL/dx; dL/d weight and bias are added to `found`. */
function affineBack({ weight, bias }: Linear, x: Float64Array, dy: Float64Array, N: number, found: Linear): Float64Array {
  addOuter(found.weight, dy, x, N);
  addSums(found.bias, dy, N);
  const dx = new Float64Array((weight.length / bias.length) * N);
  addTransposed(dx, weight, dy, N);
  return dx;
}

function add(to: Float64Array, values: Float64Array): void {
  for (let j = 0; j < to.length; j++) to[j]! += values[j]!;
}

/** [T, I, B] as [I, T * B]. */
function sideBySide({ steps, rows, batch, values }: Sequence): Float64Array {
  const out = new Float64Array(values.length);
  for (let t = 0; t < steps; t++) {
    for (let i = 0; i < rows; i++) out.set(values.subarray((t * rows + i) * batch, (t * rows + i + 1) * batch), (i * steps + t) * batch);
  }
  return out;
}

function lastStep(z: Float64Array, N: number, B: number): Float64Array {
  return Float64Array.from({ length: (z.length / N) * B }, (_, j) => z[Math.floor(j / B) * N + N - B + (j % B)]!);
}

function atLastStep(d: Float64Array, N: number, B: number): Float64Array {
  const out = new Float64Array((d.length / B) * N);
  d.forEach((value, j) => (out[Math.floor(j / B) * N + N - B + (j % B)] = value));
  return out;
}

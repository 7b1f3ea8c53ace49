/**
 * What `tests/page/test_lab_numbers.py` asks: a list of questions as JSON on standard input, their answers on standard output.
 *
 * Node runs it as it stands, so that the numbers are tested without a build.
 */

import { answerOf, drawn, marked, paper, type Question as Asked, type Template } from "../src/course/questions.ts";
import { initialise, startsOf } from "../src/nn/initialisation.ts";
import { CELLS, type CellName } from "../src/nn/cells/index.ts";
import { emptyNetwork, gradients, listed, type Network, run, runBack } from "../src/nn/network.ts";
import { clamped, type Gate, GATES, heldOut, marking, means, RECIPE, rightAnswers, STEPS, withoutKey } from "../src/models/gates.ts";
import { axes, carried, MATRICES } from "../src/models/matrix.ts";
import { profile } from "../src/models/profile.ts";
import { attention, effectiveWeights, recurrents, rightOf, transformer } from "../src/models/beside.ts";
import { singularValues } from "../src/models/singular.ts";
import { ofInput } from "../src/nn/layer.ts";
import { crossEntropy } from "../src/nn/losses.ts";
import { adam } from "../src/nn/optimiser.ts";
import { random } from "../src/nn/random.ts";
import { type Batch, type Task, TASKS } from "../src/nn/tasks.ts";
import { ENTRANTS, recipe, winner } from "../src/race/race.ts";
import { go, start } from "../src/race/runner.ts";
import { advance, begin, learn, type Recipe } from "../src/nn/training.ts";
import { emptyTransformer, listedTransformer, runTransformer, transformerBack } from "../src/nn/transformer.ts";

interface Shape {
  cell: CellName;
  inputs: number;
  hidden: number;
  outputs: number;
  layers: number;
}

interface Given {
  shape: Shape;
  parameters: number[][];
  steps: number;
  batch: number;
}

const QUESTIONS = { differentiate, train, initial, sample, profiled, raced, won, asked, papers, markings, ellipses, held, meddled, attended, weighed, beside, singular, starts };

/** One run forward and backward: everything of it. */
function differentiate({ dOutput, x, ...given }: Given & { x: number[]; dOutput: number[] }) {
  const network = networkOf(given);
  const done = run(network, sequence(given, x));
  const back = runBack(network, done, Float64Array.from(dOutput));
  return {
    output: [...done.output],
    values: done.tapes.map((tape) => plain(tape.values)),
    derivatives: back.layers.map((layer) => plain(layer.values)),
    gradients: gradients(network, done, back).map((values) => [...values]),
    dx: [...ofInput(done.tapes[0]!, back.layers[0]!)],
  };
}

/** Updates by Adam on the given batches. */
function train({ recipe, batches, ...given }: Given & { recipe: Recipe; batches: { x: number[]; y: number[] }[] }) {
  const network = networkOf(given);
  const training = { recipe, network, optimiser: adam(listed(network), recipe.rate), draw: random(0) };
  const classify = TASKS[recipe.task].outputs > 1;
  const done = batches.map(({ x, y }) => {
    const answers = classify ? Int32Array.from(y) : Float64Array.from(y);
    return learn(training, { x: sequence(given, x), y: answers, keys: [] } satisfies Batch);
  });
  return { steps: done, parameters: listed(network).map((values) => [...values]) };
}

function initial({ shape, name, seed, length }: { shape: Shape; name: string; seed: number; length: number }) {
  const network = emptyNetwork(shape.cell, shape.inputs, shape.hidden, shape.outputs, shape.layers);
  initialise(network, name, random(seed), length);
  return listed(network).map((values) => [...values]);
}

function sample({ task, length, batch, seed }: { task: Task["name"]; length: number; batch: number; seed: number }) {
  const drawn = TASKS[task].sample(length, batch, random(seed));
  return { x: [...drawn.x.values], y: [...drawn.y], keys: drawn.keys };
}

/** What is left of the gradient of a batch, k steps back. */
function profiled({ x, y, ...given }: Given & { x: number[]; y: number[] }) {
  return profile(networkOf(given), sequence(given, x), (output) => crossEntropy(output, Int32Array.from(y)).dOutput);
}

/** A network of the race: its report before training, and one after each stride. */
function raced({ entrant, length, seed, strides }: { entrant: string; length: number; seed: number; strides: number[] }) {
  const runner = start(recipe(ENTRANTS.find(({ name }) => name === entrant)!, { length, seed, rate: 0.01, largestNorm: 1 }));
  return [0, ...strides].map((steps) => go(runner, steps));
}

/** Which network learned first: for each, pairs of step and accuracy. */
function won({ accuracies }: { accuracies: [number, number][][] }) {
  const reports = accuracies.map((of) => of.map(([step, accuracy]) => ({ step, accuracy, loss: null, gradientNorm: null, left: [], contributed: [] })));
  return winner(reports);
}

/** A run with a gate held. */
function held({ gate, values, x, ...given }: Given & { gate: Gate; values: number[]; x: number[] }) {
  return [...run(clamped(networkOf(given), gate, Float64Array.from(values)), sequence(given, x)).output];
}

/** Chapter 9 as it stands: right answers as it is, with each gate held, without the key; and how each gate marks the key. */
function meddled() {
  const training = begin(RECIPE);
  for (let step = 0; step < STEPS; step++) advance(training);
  const [network, batch] = [training.network, heldOut()];
  return {
    asItIs: rightAnswers(network, batch),
    held: GATES.map((gate) => rightAnswers(clamped(network, gate, means(network, batch, gate)), batch)),
    noKey: rightAnswers(network, withoutKey(batch)),
    marking: GATES.map((gate) => marking(network, batch, gate)),
  };
}

/** A Transformer forward and backward: everything of it. */
function attended({ width, mlp, parameters, steps, batch, x, dOutput }: Attended) {
  const [inputs, outputs] = [x.length / (steps * batch), dOutput.length / batch];
  const network = emptyTransformer(inputs, width, mlp, outputs);
  listedTransformer(network).forEach((values, k) => values.set(parameters[k]!));
  const all = { steps, rows: inputs, batch, values: Float64Array.from(x) };
  const done = runTransformer(network, all);
  const back = transformerBack(network, done, Float64Array.from(dOutput));
  return {
    output: [...done.output],
    gradients: listedTransformer(back.parameters).map((values) => [...values]),
    dx: [...back.x],
    map: attention(network, { x: all, y: new Int32Array(batch), keys: [] }),
  };
}

interface Attended {
  width: number;
  mlp: number;
  parameters: number[][];
  steps: number;
  batch: number;
  x: number[];
  dOutput: number[];
}

/** With what weight each step is in each later state of an LSTM. */
function weighed({ x, ...given }: Given & { x: number[] }) {
  return effectiveWeights(networkOf(given), { x: sequence(given, x), y: new Int32Array(given.batch), keys: [] });
}

/** The rivals of chapter 9: how many parameters, right answers before and after `steps` of training, and where they look. */
function beside({ steps }: { steps: number }) {
  const [batch, attending] = [heldOut(), transformer()];
  return [...recurrents(), attending].map((contestant) => {
    const before = rightOf(contestant, batch);
    for (let step = 0; step < steps; step++) contestant.learn();
    return { name: contestant.name, parameters: contestant.parameters, before, after: rightOf(contestant, batch), blamed: contestant.blamed(batch) };
  });
}

/** Singular values of a one-layer network on one sequence. */
function singular({ x, k, ...given }: Given & { x: number[]; k: number }) {
  return singularValues(networkOf(given).layers[0]!, sequence(given, x), k);
}

/** By cell, the initialisations that are defined for it. */
function starts() {
  return Object.fromEntries((Object.keys(CELLS) as CellName[]).map((cell) => [cell, startsOf(cell)]));
}

/** Of chapter 4: each matrix, and its half axes after k steps. */
function ellipses({ slope, k }: { slope: number; k: number }) {
  return Object.values(MATRICES).map((matrix) => ({ matrix, axes: axes(carried(matrix, slope, k)) }));
}

/** Questions of one template, drawn one after the other, with their answers. */
function asked({ template, seed, times }: { template: Template; seed: number; times: number }) {
  const draw = random(seed);
  return Array.from({ length: times }, () => drawn(template, draw)).map((question) => ({ ...question, right: answerOf(question) }));
}

function papers({ seeds }: { seeds: number[] }) {
  return seeds.map((seed) => paper(seed));
}

function markings({ given }: { given: { question: Asked; answer: number | null }[] }) {
  return given.map(({ question, answer }) => marked(question, answer));
}

function networkOf({ shape, parameters }: Given): Network {
  const network = emptyNetwork(shape.cell, shape.inputs, shape.hidden, shape.outputs, shape.layers);
  listed(network).forEach((values, k) => values.set(parameters[k]!));
  return network;
}

function sequence({ shape, steps, batch }: Given, x: number[]) {
  return { steps, rows: shape.inputs, batch, values: Float64Array.from(x) };
}

function plain(values: Record<string, Float64Array>): Record<string, number[]> {
  return Object.fromEntries(Object.entries(values).map(([name, all]) => [name, [...all]]));
}

type Question = { [Kind in keyof typeof QUESTIONS]: { kind: Kind; given: Parameters<(typeof QUESTIONS)[Kind]>[0] } }[keyof typeof QUESTIONS];

export function answer({ kind, given }: Question): unknown {
  return (QUESTIONS[kind] as (given: unknown) => unknown)(given);
}

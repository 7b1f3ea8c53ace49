/** What a network is asked: the mean loss of a batch, and dL/d output. Outputs are [O, B]. */

export interface Loss {
  value: number;
  dOutput: Float64Array;
}

/** Softmax and the negative log-likelihood of the right class, in nats. */
export function crossEntropy(output: Float64Array, classes: Int32Array): Loss {
  const B = classes.length;
  const O = output.length / B;
  const dOutput = new Float64Array(output.length);
  let value = 0;
  for (let b = 0; b < B; b++) {
    let largest = -Infinity;
    for (let o = 0; o < O; o++) largest = Math.max(largest, output[o * B + b]!);
    let sum = 0;
    for (let o = 0; o < O; o++) sum += Math.exp(output[o * B + b]! - largest);
    const logSum = largest + Math.log(sum);
    for (let o = 0; o < O; o++) dOutput[o * B + b] = Math.exp(output[o * B + b]! - logSum) / B;
    dOutput[classes[b]! * B + b]! -= 1 / B;
    value += (logSum - output[classes[b]! * B + b]!) / B;
  }
  return { value, dOutput };
}

/** The part of the batch whose largest output is that of the right class. */
export function accuracy(output: Float64Array, classes: Int32Array): number {
  const B = classes.length;
  const right = classes.filter((one, b) => {
    for (let o = 0; o < output.length / B; o++) if (output[o * B + b]! > output[one * B + b]!) return false;
    return true;
  });
  return right.length / B;
}

/** Mean squared error over batch and outputs. */
export function squaredError(output: Float64Array, target: Float64Array): Loss {
  const dOutput = output.map((y, j) => (2 * (y - target[j]!)) / output.length);
  const value = output.reduce((sum, y, j) => sum + (y - target[j]!) ** 2, 0) / output.length;
  return { value, dOutput };
}

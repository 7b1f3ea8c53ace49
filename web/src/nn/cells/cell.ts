/**
 * The contract of a cell: one step forward, the same step backward. No loop over time, no matrix.
 *
 * Names, gate order and equations are those of `carousel/nn/cells`, which are torch's.
 */

/** Numbers of one step by name ("i", "c", ...), each [H, B]: views into a tape, filled in place. */
export type Values = Record<string, Float64Array>;

export interface Cell {
  readonly name: CellName;
  /** The row blocks of the weights, in their order: weight_ih is [blocks * H, I]. */
  readonly blocks: readonly string[];
  /** "h", and for an LSTM "c". */
  readonly states: readonly string[];
  readonly gates: readonly string[];
  /** What else the way back needs of a step. */
  readonly kept: readonly string[];
  /** dL/du and dL/dv differ; of other cells both are written into one array. */
  readonly apart?: true;
  /** u = W_ih x + b_ih and v = W_hh h + b_hh, each [blocks * H, B], and the states before -> gates and states now. */
  forward(u: Float64Array, v: Float64Array, before: Values, now: Values): void;
  /**
   * In: d has dL/dh (and dL/dc) as far as the output and later steps give it.
   * Out: d has the total derivative of every state and gate; du, dv those of u and v; dBefore has what reaches the
   * states before on ways that pass no matrix added to it.
   */
  backward(now: Values, before: Values, d: Values, dBefore: Values, du: Float64Array, dv: Float64Array): void;
}

export type CellName = "rnn" | "rnn-relu" | "lstm" | "lstm-1997" | "lstm-coupled" | "gru";

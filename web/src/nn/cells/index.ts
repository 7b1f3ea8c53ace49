/** Every cell of the package by its name there. */

import type { Cell, CellName } from "./cell.ts";
import { LSTM_COUPLED } from "./coupled.ts";
import { RNN, RNN_RELU } from "./elman.ts";
import { GRU } from "./gru.ts";
import { LSTM } from "./lstm.ts";
import { LSTM_1997 } from "./lstm1997.ts";

export type { Cell, CellName, Values } from "./cell.ts";

export const CELLS: Record<CellName, Cell> = {
  rnn: RNN,
  "rnn-relu": RNN_RELU,
  lstm: LSTM,
  "lstm-1997": LSTM_1997,
  "lstm-coupled": LSTM_COUPLED,
  gru: GRU,
};

"""The families of contenders and of built-in tasks. Plain names, no torch: a run folder is judged where neither cells
nor tasks are at hand."""

from __future__ import annotations

TRANSFORMER = "transformer"  # in place of a cell's name; the one contender without recurrent state
FAMILY_OF_CELL = {
    "rnn": "RNN",
    "rnn-relu": "RNN",
    "lstm": "LSTM",
    "lstm-1997": "LSTM",
    "lstm-coupled": "LSTM",
    "gru": "GRU",
    TRANSFORMER: "TRANSFORMER",
}
RECURRENT = ("RNN", "LSTM", "GRU")

FAMILY_OF_TASK = {
    "delayed-recall": "recall",
    "random-recall": "recall",
    "copy-memory": "recall",
    "mqar": "recall",
    "temporal-order": "order",
    "adding": "sums",
    "time-scales": "sums",
    "parity": "groups",
    "modular-counting": "groups",
    "permutations": "groups",
    "nested-brackets": "grammars",
    "anbn": "grammars",
    "random-labels": "capacity",
}
MEMORISED = frozenset({"random-labels"})  # tables to be memorised: the test part is the training part
KEYED = frozenset({"random-recall"})  # one key at a random step among distractors: what the gate probe needs


def family_of_task(source: str) -> str:
    """The family of tasks that a source belongs to; one that is not named here is a family of its own."""
    return FAMILY_OF_TASK.get(source, source)

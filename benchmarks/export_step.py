"""Microseconds a step of an exported network: the C header against ONNX Runtime, one thread each.

.venv/bin/python benchmarks/export_step.py

LSTM, GRU and RNN of 64 units and 8 inputs, of random weights; one sequence, a step a call. Rounds take turns.
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from carousel.experiments.takeaway.export.c_header import c_header
from carousel.experiments.takeaway.export.onnx_graph import onnx_model
from carousel.experiments.takeaway.export.portable import GATES, Kind, Layer, Number, Portable
from carousel.experiments.takeaway.export.runs import session_of, zero_states

UNITS, INPUTS, STEPS, ROUNDS = 64, 8, 2000, 9
_MAIN = """\
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>
#include "model.h"
int main(void) {
  static model_state state;
  float x[MODEL_CHANNELS], y[MODEL_OUTPUTS] = {0.0f}, sum = 0.0f;
  struct timespec begin, end;
  model_reset(&state);
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (int t = 0; t < @STEPS@; t++) {
    for (int k = 0; k < MODEL_CHANNELS; k++) x[k] = (float)((t + k) % 7) - 3.0f;
    model_step(&state, x, y);
    sum += y[0];
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  const double spent = (double)(end.tv_sec - begin.tv_sec) * 1e6 + (double)(end.tv_nsec - begin.tv_nsec) / 1e3;
  printf("%f %g\\n", spent / @STEPS@, (double)sum);
  return 0;
}
"""


def network(cell: Kind) -> Portable:
    """Of random weights."""
    rng = np.random.default_rng(0)
    rows = GATES[cell] * UNITS
    w, u, b, v = (rng.normal(0, 0.1, shape) for shape in ((rows, INPUTS), (rows, UNITS), (rows,), (rows,)))
    names = tuple(f"x{k}" for k in range(INPUTS))
    zero, one = np.zeros(INPUTS), np.ones(INPUTS)
    weight = rng.normal(0, 0.1, (1, UNITS))
    return Portable(cell, (Layer(w, u, b, v),), weight, zero[:1], "regression", zero, one, (), one[:1], zero[:1],
                    np.zeros(0, dtype=np.int64), names, ("y",))  # fmt: skip


def built(folder: Path, described: Portable, number: Number) -> Path:
    """A program that prints microseconds a step."""
    folder.mkdir()
    (folder / "model.h").write_text(c_header(described, "model", number))
    (folder / "main.c").write_text(_MAIN.replace("@STEPS@", str(STEPS)))
    subprocess.run(["gcc", "-std=c99", "-O2", "main.c", "-o", "main", "-lm"], cwd=folder, check=True)
    return folder / "main"


def onnx_step(described: Portable, number: Number) -> float:
    """Of one round."""
    session = session_of(onnx_model(described, number).SerializeToString())
    given = {"x": np.zeros((1, 1, INPUTS), np.float32), "lengths": np.ones(1, np.int32), **zero_states(described, 1)}
    session.run(None, given)
    began = time.perf_counter()
    for _ in range(STEPS):
        session.run(None, given)
    return (time.perf_counter() - began) / STEPS * 1e6


def main() -> None:
    """A line a network and number: median, and least in brackets."""
    cells: tuple[Kind, ...] = ("lstm", "gru", "rnn")
    numbers: tuple[Number, ...] = ("float32", "int8")
    for cell in cells:
        described = network(cell)
        for number in numbers:
            with tempfile.TemporaryDirectory() as made:
                program = built(Path(made) / "c", described, number)
                by_c, by_onnx = [], []
                for _ in range(ROUNDS):
                    by_c.append(
                        float(subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()[0])
                    )
                    by_onnx.append(onnx_step(described, number))
            told = [
                f"{name} {statistics.median(each):.1f} us ({min(each):.1f})"
                for name, each in (("C", by_c), ("ONNX Runtime", by_onnx))
            ]
            print(f"{cell} of {UNITS} units, {number}: {told[0]}, {told[1]}", flush=True)


if __name__ == "__main__":
    main()

"""A recorded run as the steps it took: in running order, each sequence from its own first step, in float64.

A run in reverse begins at each sequence's last true step, so its padding would come first. Rows are therefore counted
from where a sequence began: row 0 is its first step in the run's own direction, row lengths - 1 its last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from carousel.common.errors import BadCall, NotRecorded
from carousel.nn.cells import Cell
from carousel.nn.kernels import Tape
from carousel.nn.kernels.run_info import RunInfo


@dataclass(frozen=True, eq=False)
class Trajectory:
    """All tensors on the CPU.

    cell: with the weights it ran with. values, previous: states and gates, and the states that each step started from
    (the initial state at row 0, 0 at a reset), each [T, B, H] float64, 0 at padding. lengths: [B]. cut: [T, B] bool,
    True where nothing passes from the state before: resets, and padding. dropout: [B, H] or None. order: [T, B], the
    step of its sequence in each row. columns: [B], which sequences of the tape these are.
    """

    cell: Cell
    values: dict[str, Tensor]
    previous: dict[str, Tensor]
    lengths: Tensor
    cut: Tensor
    dropout: Tensor | None
    order: Tensor
    columns: Tensor
    reverse: bool

    def aligned(self, values_TBn: Tensor) -> Tensor:
        """[T, B, n]: something else of the same tape, put into the same rows."""
        return _aligned(values_TBn, self.order, self.columns, self.lengths)

    def rows(self, step: int) -> Tensor:
        """[B]: the row of a step of the sequence; below 0 or from `lengths` on where it is padding."""
        return self.lengths - 1 - step if self.reverse else torch.full_like(self.lengths, step)


def trajectory(tape: Tape, sequences: Sequence[int] | None = None) -> Trajectory:
    """The steps of a tape, of all sequences or of some.

    Raises NotRecorded where states, gates or steps are missing; BadCall where the weights have changed since the run,
    for a sequence that the batch has not, for values that are not finite, and for a cell with layer normalisation.
    """
    _check(tape)
    run, cell = tape.run, tape.cell
    batch = tape["h"].shape[1]
    columns = torch.arange(batch) if sequences is None else _columns(sequences, batch)
    lengths = torch.full((batch,), run.length) if run.lengths is None else run.lengths.cpu()
    lengths = lengths[columns]
    order = _order(run, lengths)
    as_it_ran = sequences is None and run.lengths is None and not run.reverse
    values = {
        n: exact(tape[n]) if as_it_ran else _aligned(tape[n], order, columns, lengths)
        for n in (*cell.state_names, *cell.gate_names)
    }
    _check_finite(values, columns)
    cut = torch.arange(run.length).unsqueeze(1) >= lengths
    if run.reset_mask is not None:
        cut = cut | run.reset_mask.cpu()[order, columns]
    previous = _previous(run, cell, values, columns, cut)
    dropout = None if run.dropout is None else exact(run.dropout)[columns]
    return Trajectory(cell, values, previous, lengths, cut, dropout, order, columns, run.reverse)


def exact(values: Tensor) -> Tensor:
    """In float64, on the CPU, without a graph."""
    return values.detach().to("cpu", torch.float64)


def _check(tape: Tape) -> None:
    if tape.cell.layer_norm:
        raise BadCall("no closed form is provided for the Jacobian of a layer with layer_norm",
                      fix="record the layer without layer_norm")  # fmt: skip
    if tape.run.intervened:
        raise BadCall("an intervention changed this run, whose steps are no longer the cell's own",
                      fix="record without interventions=")  # fmt: skip
    if tape.run.every > 1:
        raise NotRecorded(
            f"only one step in {tape.run.every} was recorded, which breaks the chain; record again with every=1"
        )
    missing = [n for n in (*tape.cell.state_names, *tape.cell.gate_names) if n not in tape.names]
    if missing:
        raise NotRecorded(
            f"gradient flow needs every state and gate, and {', '.join(missing)} was not recorded; record again "
            "without a choice of names (a kernel's Request: states=True, gates=True)"
        )


def _check_finite(values: dict[str, Tensor], columns: Tensor) -> None:
    """A product with NaN is no gradient flow, and its logarithm would read as a gradient of 0."""
    for name, value in values.items():
        if math.isfinite(value.sum()):
            continue
        wrong = ~value.isfinite().all(-1)
        if wrong.any():
            row, column = wrong.nonzero()[0].tolist()
            raise BadCall(
                f"{name} is no finite number from step {row} of sequence {int(columns[column])} on, counted as it ran",
                fix="find the first bad value with tape.plot.raster, and leave such sequences out of the batch",
            )


def _columns(sequences: Sequence[int], batch: int) -> Tensor:
    wrong = [s for s in sequences if not 0 <= s < batch]
    if wrong or not len(sequences):
        raise BadCall("no such sequence in the batch", allowed=f"0 .. {batch - 1}", got=wrong or "none at all")
    return torch.tensor(list(sequences))


def _order(run: RunInfo, lengths: Tensor) -> Tensor:
    rows = torch.arange(run.length).unsqueeze(1).expand(-1, len(lengths))
    return (lengths - 1 - rows).clamp(min=0) if run.reverse else rows


def _aligned(values_TBn: Tensor, order: Tensor, columns: Tensor, lengths: Tensor) -> Tensor:
    padding = torch.arange(len(order)).unsqueeze(1) >= lengths
    return exact(values_TBn)[order, columns].masked_fill(padding.unsqueeze(-1), 0.0)


def _previous(run: RunInfo, cell: Cell, values: dict[str, Tensor], columns: Tensor, cut: Tensor) -> dict[str, Tensor]:
    found = {}
    for k, name in enumerate(cell.state_names):
        first = torch.zeros_like(values[name][:1]) if run.initial is None else exact(run.initial[k])[None, columns]
        before = torch.cat([first, values[name][:-1]])
        found[name] = before.masked_fill(cut.unsqueeze(-1), 0.0) if cut.any() else before
    return found

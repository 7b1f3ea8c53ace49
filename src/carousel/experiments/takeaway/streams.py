"""Sequences that a server is sent a step at a time: their states, by the names that they are given."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import polars as pl

from carousel.common.errors import BadData, BadPlan
from carousel.experiments.contenders.ensemble import Ensemble
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.data import DataOptions, Prepared
from carousel.experiments.data.prepare.asked_rows import NewRows
from carousel.experiments.data.prepare.new_steps import refuse_other_step, step_of
from carousel.experiments.data.read.table import Table, make_table
from carousel.experiments.results.refitted import Band
from carousel.experiments.takeaway.predict import table_of
from carousel.nn.layers.stream import Stream

MOST_STREAMS = 1000


@dataclass
class _Going:
    """last: the row that was sent last."""

    stream: Stream
    steps: int = 0
    last: dict[str, Any] | None = None


@dataclass
class Streams:
    """What `step` answers is what `carousel predict` says of the sequence as far as it is."""

    network: Any
    trained: Prepared
    options: DataOptions
    band: Band | None
    _going: dict[str, _Going] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def step(self, name: str, row: dict[str, Any]) -> dict[str, Any]:
        """The answer after one more row of the stream `name`, which begins with its first. Raises UserError where the
        row does not fit, the network has no steps, or one more is more than was trained on: no state is changed."""
        self._refuse()
        raw, x = step_of(_table(row), self.trained)
        with self._lock:
            going = self._going.get(name) or self._begun()
            most = int(self.trained.lengths.max())
            if going.steps >= most:
                raise BadData(f"stream {name!r} is longer than any sequence in training",
                              allowed=f"at most {most} steps", fix="end it: DELETE /streams/NAME")  # fmt: skip
            if going.last is not None:
                refuse_other_step(_table(going.last, row), self.options, self.trained)
            output = going.stream.step(x[0]).double().numpy()
            going.steps, going.last = going.steps + 1, row
            self._going[name] = going
        rows = NewRows(x, raw, np.ones(1, dtype=np.int64), [name], "stream", None)
        return {**table_of(output, rows, self.trained, self.band).row(0, named=True), "steps": going.steps}

    def end(self, name: str) -> bool:
        """Forget it; whether it was there."""
        with self._lock:
            return self._going.pop(name, None) is not None

    def _begun(self) -> _Going:
        if len(self._going) >= MOST_STREAMS:
            raise BadPlan(
                "too many streams are open", allowed=f"{MOST_STREAMS:,}", fix="end some: DELETE /streams/NAME"
            )
        return _Going(self.network.stream())

    def _refuse(self) -> None:
        whole = self.trained.card["forecast"] is not None or "labels" in self.trained.card
        if whole or not isinstance(self.network, RecurrentNetwork):
            other = "an ensemble" if isinstance(self.network, Ensemble) else "a Transformer"
            what = "windows, not steps" if whole else other
            raise BadPlan("this network has no answer after each step", got=what, fix="POST /predict")


def _table(*rows: dict[str, Any]) -> Table:
    """Of the columns that all of them have."""
    both = set.intersection(*map(set, rows))
    frame = pl.DataFrame([{name: row[name] for name in row if name in both} for row in rows], strict=False)
    return make_table(frame, np.arange(1, len(rows) + 1), "the row")

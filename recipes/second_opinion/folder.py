"""A run folder's raw files, read by their formats: SQLite, TOML, Parquet, safetensors, CSV, JSON, Markdown."""

from __future__ import annotations

import json
import re
import sqlite3
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

FAMILY = {"rnn": "RNN", "rnn-relu": "RNN", "lstm": "LSTM", "gru": "GRU"}  # docs/glossary.md
TASKS = ("delayed-recall", "random-recall", "adding")


@dataclass(frozen=True)
class Trial:
    """A finished training: what was asked (`asked`), and what the other program says of it (`said`)."""

    name: str
    asked: dict[str, Any]
    said: dict[str, Any]

    @property
    def source(self) -> str:
        """As conditions name it: a task, or "adding-500" where it has a training set of so many sequences."""
        return str(self.asked["source"]["name"])

    @property
    def task(self) -> str | None:
        """The built-in task, where it is re-implemented here."""
        source = self.asked["source"]
        name = source.get("task") or source["name"]
        return name if source["kind"] == "task" and name in TASKS else None

    @property
    def sequences(self) -> int | None:
        """The size of its training set; None where sequences are drawn for ever."""
        return self.asked["source"].get("sequences")

    @property
    def condition(self) -> str:
        """As tables have it."""
        return f"{self.source}/T={self.asked['length']}"

    @property
    def spec(self) -> str:
        """The contender."""
        return str(self.asked["contender"]["spec"])

    @property
    def family(self) -> str:
        """Of its cell; the cell's own name where docs/glossary.md names no family that is judged."""
        cell = self.asked["contender"]["cell"]
        return FAMILY.get(cell, cell)

    @property
    def seed(self) -> int:
        """Of weights and training sequences."""
        return int(self.asked["seed"])

    @property
    def rate(self) -> float:
        """Adam's."""
        return float(self.asked["learning_rate"])


@dataclass(frozen=True)
class Folder:
    """One run folder."""

    path: Path

    @cached_property
    def plan(self) -> dict[str, Any]:
        """plan.toml."""
        return tomllib.loads((self.path / "plan.toml").read_text(encoding="utf-8"))

    @cached_property
    def jobs(self) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Of every finished job: its name, description and record."""
        with sqlite3.connect(f"file:{self.path / 'ledger.sqlite'}?mode=ro", uri=True) as ledger:
            rows = ledger.execute("SELECT hash, description, record FROM jobs WHERE state = 'done' ORDER BY hash")
            return [(name, json.loads(asked), json.loads(record)) for name, asked, record in rows]

    @cached_property
    def trials(self) -> list[Trial]:
        """Finished trainings."""
        return [Trial(name, asked, said["trial"]) for name, asked, said in self.jobs if asked["kind"] == "trial"]

    def grouped(self, phase: str) -> dict[tuple[str, str], list[Trial]]:
        """(condition, contender) -> its trials of a phase, by seed."""
        groups = defaultdict(list)
        for trial in sorted(self.trials, key=lambda t: (t.rate, t.seed)):
            if trial.asked["phase"] == phase:
                groups[trial.condition, trial.spec].append(trial)
        return dict(groups)

    def curve(self, trial: Trial) -> pl.DataFrame:
        """Step by step: loss, norm of the gradient before clipping, score of the checks."""
        return pl.read_parquet(self.path / "trials" / f"{trial.name}.parquet")

    def flow(self, name: str) -> pl.DataFrame:
        """A job's lag profiles, or exponents by scale."""
        return pl.read_parquet(self.path / "flow" / f"{name}.parquet")

    def weights(self, trial: Trial) -> dict[str, np.ndarray]:
        """safetensors: 8 bytes with the length of a JSON header, the header, then float32 values."""
        raw = (self.path / "weights" / f"{trial.name}.safetensors").read_bytes()
        start = 8 + int.from_bytes(raw[:8], "little")
        header = json.loads(raw[8:start])
        header.pop("__metadata__", None)
        found = {}
        for name, about in header.items():
            if about["dtype"] != "F32":
                raise ValueError(f"{trial.name}: {name} is {about['dtype']}, not float32")
            first, last = about["data_offsets"]
            found[name] = np.frombuffer(raw[start + first : start + last], dtype="<f4").reshape(about["shape"])
        return found

    def table(self, name: str) -> list[dict[str, Any]]:
        """Rows of tables/NAME.csv; empty where the run has none."""
        path = self.path / "tables" / f"{name}.csv"
        if not path.is_file():
            return []
        text = {"spike_steps": pl.String}  # "12 340"; a column of single steps is no column of numbers
        table = pl.read_csv(path, infer_schema_length=None, schema_overrides=text if name == "trials" else None)
        return table.with_columns(pl.col(column).fill_null("") for column in text if column in table.columns).to_dicts()

    @cached_property
    def verdicts(self) -> dict[str, Any]:
        """verdicts.json."""
        found: dict[str, Any] = json.loads((self.path / "verdicts.json").read_text(encoding="utf-8"))
        return found

    def claim(self, name: str) -> dict[str, Any]:
        """A claim's entry there."""
        return next(claim for claim in self.verdicts["claims"] if claim["id"] == name)

    @cached_property
    def report(self) -> str:
        """The English half of report.md."""
        return re.split(r"(?m)^# ", (self.path / "report.md").read_text(encoding="utf-8"))[1]

    def pages(self) -> Iterator[tuple[str, list[dict[str, str]]]]:
        """Every table of the report under the heading that it stands below; cells are plain text by column."""
        for heading, body in re.findall(r"(?ms)^#{2,3} (.*?)$(.*?)(?=^#{2,3} |\Z)", self.report):
            for block in re.findall(r"(?m)(?:^\|.*\n?)+", body):
                first, _, *rest = (_cells(line) for line in block.strip().splitlines())
                yield heading, [dict(zip(first, cells, strict=False)) for cells in rest]


def _cells(line: str) -> list[str]:
    return [re.sub(r"\\(.)", r"\1", cell).strip().strip("*") for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]

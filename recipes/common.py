"""What the recipes share: options, rows of published and own figures with intervals, the printed table, the JSON file.

A recipe is a script: `main(recipe)` gives it the options and turns a user's mistake into one line and exit code 2.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import torch

from carousel.common.errors import BadData, BadPlan, CarouselError
from carousel.common.files import write_text, writing_to
from carousel.experiments.decision.statistics.means import mean_interval

_ALPHA = 0.05
_DATA_VARIABLE = "CAROUSEL_DATA"


@dataclass(frozen=True)
class Row:
    """One figure: the published one (None: no source states it) and ours, one number a seed.

    better: "lower" or "higher" where ours may also be better than the published one; "equal" where the row is a finding
    (a chance level, say) that ours must meet within `margin`. failed: seeds that never got where the figure is counted
    to; with one of them the row does not hold. detail: what else the JSON file shall hold.
    """

    what: str
    ours: tuple[float, ...]
    published: float | None = None
    source: str = ""
    better: str = "lower"
    margin: float = 0.0
    failed: int = 0
    note: str = ""
    detail: dict[str, object] = field(default_factory=dict)

    @property
    def mean(self) -> float:
        """Of the seeds."""
        return math.fsum(self.ours) / len(self.ours)

    @property
    def holds(self) -> bool | None:
        """Whether our mean meets the published figure; None without one."""
        if self.published is None:
            return None
        if self.failed:
            return False
        gap = {"lower": self.mean - self.published, "higher": self.published - self.mean}
        return gap.get(self.better, abs(self.mean - self.published)) <= self.margin

    def interval(self) -> tuple[float, float] | None:
        """95 % of the mean over seeds; None where so few or such equal seeds set no limit."""
        found = mean_interval(self.ours, _ALPHA)
        return (found.low, found.high) if math.isfinite(found.low) else None


class _OneLine(argparse.ArgumentParser):
    """A parser whose complaints are one line, as everywhere in Carousel."""

    def error(self, message: str) -> NoReturn:
        raise BadPlan(message, fix=f"see `python {self.prog} --help`")


def parser(description: str, seeds: int = 3) -> argparse.ArgumentParser:
    """The options every recipe has; a recipe adds its own. `seeds`: how many are reported where none are asked for."""
    options = _OneLine(description=description)
    options.add_argument("--seeds", type=positive, default=seeds, metavar="N", help=f"reporting seeds ({seeds})")
    options.add_argument("--quick", action="store_true", help="tiny settings: shows that it runs, proves nothing")
    options.add_argument("--out", type=Path, metavar="FILE.json", help="also write rows and settings here")
    return options


def positive(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 is asked for, not {text!r}")
    return int(text)


def seeds_of(count: int) -> range:
    """The reporting seeds, far from the tuning seed 0; as in the package's budgets."""
    return range(100, 100 + count)


def data_file(name: str, folder: Path | None) -> Path:
    """A file of the data folder: --data, else $CAROUSEL_DATA, else shared/data beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    path = (folder or Path(os.environ.get(_DATA_VARIABLE, beside))) / name
    if not path.is_file():
        fix = f"put it there, or give its folder by --data or ${_DATA_VARIABLE}"
        raise BadData(f"{name} is expected at {path}", fix=fix)
    return path


def log(line: str) -> None:
    """Progress, apart from the table on standard output."""
    print(line, file=sys.stderr, flush=True)


def report(name: str, rows: Iterable[Row], settings: dict[str, object], options: argparse.Namespace) -> None:
    """Print the table; write rows and settings as JSON where asked."""
    rows = list(rows)
    for line in table(rows):
        print(line)
    if options.out is not None:
        entries = [asdict(row) | {"mean": row.mean, "ci95": row.interval(), "holds": row.holds} for row in rows]
        made = {"recipe": name, "date": datetime.now(UTC).date().isoformat(), "torch": torch.__version__}
        whole = made | {"quick": options.quick, "settings": settings, "rows": entries}
        with writing_to(options.out.parent):
            options.out.parent.mkdir(parents=True, exist_ok=True)
            write_text(options.out, json.dumps(whole, indent=1) + "\n")


def table(rows: list[Row]) -> list[str]:
    """The rows as lines of equal columns."""
    head = ["what", "published", "ours", "95 %", "seeds", "holds", "note"]
    cells = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[k]) for line in cells) for k in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _cells(row: Row) -> list[str]:
    published = "-" if row.published is None else f"{number(row.published)} {row.source}".strip()
    interval, holds = row.interval(), {None: "-", True: "yes", False: "no"}[row.holds]
    between = "-" if interval is None else f"{number(interval[0])} to {number(interval[1])}"
    return [row.what, published, number(row.mean), between, str(len(row.ours)), holds, row.note]


def number(value: float) -> str:
    """Three decimals, four figures where it is small, thousands in groups."""
    if value == 0 or 0.05 <= abs(value) < 1000:
        return f"{value:.3f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def main(recipe: Callable[[], None]) -> None:
    """Run a recipe on one thread; a user's mistake is one line on standard error and exit code 2."""
    torch.set_num_threads(1)  # small networks: a second thread costs more than it gives
    torch.set_flush_denormal(True)  # denormals slow recurrent backward passes up to twenty times
    began = time.monotonic()
    try:
        recipe()
    except CarouselError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    log(f"{time.monotonic() - began:.0f} s")

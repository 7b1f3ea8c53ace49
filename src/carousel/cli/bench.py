"""`carousel bench`: measure, print the table, write JSON and figure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from carousel.bench.figure import draw
from carousel.bench.measure import KINDS, benchmark
from carousel.cli.console import Console
from carousel.common.errors import BadPlan, FolderConflict, UnknownName
from carousel.common.files import write_atomically, writing_to
from carousel.common.texts import text

_COLUMNS = ("against", "cell", "shape", "threads", "ratio", "quartiles", "gflops", "share")


def bench(threads: tuple[int, ...], pairs: int, only: str | None, out: Path, as_json: bool, lang: str) -> None:
    """Run the benchmark and leave bench.json and bench.svg in `out`."""
    if not 3 <= pairs <= 1000:
        raise BadPlan("--pairs is out of range", allowed="3 to 1000", got=pairs)
    if out.exists() and not out.is_dir():
        raise FolderConflict(f"{out} is no folder", fix="name another with --out")
    kinds = tuple(KINDS) if only is None else tuple(name.strip() for name in only.split(","))
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownName("comparison", kind, KINDS)
    console = Console(lang, quiet=as_json)
    console.say("bench.begin", pairs=pairs)
    found = benchmark(threads, pairs, lambda row: console.lines(["  ".join(_cells(row, lang))]), kinds)
    console.table([text(f"bench.{name}", lang) for name in _COLUMNS], [_cells(row, lang) for row in found["rows"]])
    for mean in found["means"]:
        console.say("bench.mean", against=text(f"bench.{mean['against']}", lang), cell=mean["cell"],
                    threads=mean["threads"], mean=f"{mean['mean']:.2f}", least=f"{mean['least']:.2f}")  # fmt: skip
    for cell, growth in found["growth"].items():
        exponents = ", ".join(
            f"{name} {g['exponent']['ours']:.2f} ({g['exponent']['torch']:.2f})" for name, g in growth.items()
        )
        console.say("bench.growth", cell=cell, exponents=exponents)
    with writing_to(out):
        out.mkdir(parents=True, exist_ok=True)
        write_atomically(out / "bench.json", (json.dumps(found, indent=2) + "\n").encode())
        write_atomically(out / "bench.svg", draw(found["rows"], lang).encode())
    console.say("bench.written", folder=out)
    if as_json:
        console.json(found)


def _cells(row: dict[str, Any], lang: str) -> list[str]:
    numbers = [
        f"{row['ratio']:.2f}",
        f"{row['low']:.2f}-{row['high']:.2f}",
        f"{row['gflops']:.0f}",
        f"{row['share']:.2f}",
    ]
    return [text(f"bench.{row['against']}", lang), row["cell"], row["shape"], str(row["threads"]), *numbers]

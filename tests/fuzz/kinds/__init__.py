"""What is tried, by name: a mutated input is made and read. Raises UserError where it is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.fuzz.kinds.arrays import npz
from tests.fuzz.kinds.commands import command_line
from tests.fuzz.kinds.contenders import contender
from tests.fuzz.kinds.frames import parquet
from tests.fuzz.kinds.people import arff, workbook, written
from tests.fuzz.kinds.rolls import mat
from tests.fuzz.kinds.run_folder import run_folder
from tests.fuzz.kinds.tables import csv, jsonl, tsv
from tests.fuzz.kinds.trained import best
from tests.fuzz.kinds.ts import ts
from tests.fuzz.kinds.tsf import tsf

#: A kind makes one input out of its random numbers, in an empty folder, and reads it.
Kind = Callable[[Random, Path], None]
KINDS: dict[str, Kind] = {
    "csv": csv,
    "tsv": tsv,
    "written": written,
    "workbook": workbook,
    "arff": arff,
    "jsonl": jsonl,
    "parquet": parquet,
    "mat": mat,
    "npz": npz,
    "ts": ts,
    "tsf": tsf,
    "run-folder": run_folder,
    "load-best": best,
    "contenders": contender,
    "command-line": command_line,
}

"""The process in which inputs are tried, many in one, since an import costs more than a hundred of them.

Run as a script, with a folder. A line on standard input is "KIND SEED NUMBER", the answer a line of JSON: an `Outcome`.
A warning is an exception here, and memory beyond 2 GiB a MemoryError. What a library prints is in the folder's `noise`.
"""

from __future__ import annotations

import dataclasses
import faulthandler
import json
import os
import shutil
import sys
import time
import traceback
import warnings
from pathlib import Path
from random import Random
from unittest.mock import patch

from carousel.common.errors import UserError
from carousel.experiments.data.read import native
from carousel.experiments.runner import ledger
from tests.fuzz import bases, memory
from tests.fuzz.kinds import KINDS
from tests.fuzz.kinds.planted import PLANTED
from tests.fuzz.native_fork import NativeFork
from tests.fuzz.outcome import Outcome

_LONGEST_LINE = 2000


def try_one(kind: str, seed: int, number: int, folder: Path) -> Outcome:
    """Make the input and read it. `line`: why it is refused; where it is neither read nor refused, the traceback."""
    inner = folder / "input"
    inner.mkdir()
    began = time.process_time()
    try:
        (KINDS | PLANTED)[kind](Random(f"{kind} {seed} {number}"), inner)
        word, line = "accepted", ""
    except UserError as error:
        line = str(error)
        word = "refused" if _is_one_line(line) else "traceback"
    except BaseException:  # a panic of the table library is no Exception
        word, line = "traceback", traceback.format_exc()
    finally:
        seconds = time.process_time() - began
        shutil.rmtree(inner)
    return Outcome(kind, seed, number, word, line, seconds)


def _is_one_line(line: str) -> bool:
    return "\n" not in line and 0 < len(line) < _LONGEST_LINE


def serve(folder: Path) -> None:
    """Try what is asked for until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    noise = os.open(folder / "noise", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(noise, stream)
    _prepare()
    with NativeFork() as reading, patch.object(native.subprocess, "run", reading.run):
        for line in sys.stdin:
            kind, seed, number = line.split()
            _warm(kind)
            memory.forget_peak()
            outcome = try_one(kind, int(seed), int(number), folder)
            peak, seconds = reading.used()
            peak, seconds = max(memory.status("VmHWM"), peak), outcome.seconds + seconds
            outcome = dataclasses.replace(outcome, peak=peak, seconds=seconds)
            if heard := _heard(noise):
                outcome = dataclasses.replace(outcome, word="traceback", line=f"printed: {heard} {outcome.line}")
            print(json.dumps(dataclasses.asdict(outcome)), file=answers, flush=True)


def _prepare() -> None:
    faulthandler.enable()
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", DeprecationWarning)
    ledger._OPENING_SECONDS = 0.2  # no other command holds one
    memory.limit()


def _warm(kind: str) -> None:
    """The runs that mutated folders begin as are trained before the clock is started."""
    if kind in ("run-folder", "load-best", "command-line"):
        for of in ("task", "file"):
            bases.contents(of)


def _heard(noise: int) -> str:
    sys.stdout.flush()
    sys.stderr.flush()
    size = os.lseek(noise, 0, os.SEEK_END)
    text = os.pread(noise, min(size, 2000), 0).decode(errors="replace")
    os.ftruncate(noise, 0)
    os.lseek(noise, 0, os.SEEK_SET)
    return text


if __name__ == "__main__":
    serve(Path(sys.argv[1]))

"""Inputs that are findings by design: what a campaign must not take for a refusal."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

from carousel.common.errors import BadData

Planted = Callable[[Random, Path], object]


def _two_lines(_: Random, __: Path) -> None:
    error = BadData("a")
    error.args = ("a\nb",)
    raise error


PLANTED: dict[str, Planted] = {
    "planted-exception": lambda *_: 1 // 0,
    "planted-warning": lambda *_: warnings.warn("heard", stacklevel=1),
    "planted-print": lambda *_: print("heard", file=sys.stderr),
    "planted-two-lines": _two_lines,
    "planted-memory": lambda *_: np.ones(2**29),
    "planted-abort": lambda *_: os.abort(),
    "planted-hang": lambda *_: time.sleep(60),
}

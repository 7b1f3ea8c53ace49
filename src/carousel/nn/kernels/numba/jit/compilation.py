"""How functions become machine code, and where that is kept.

numba keeps compiled code on disk and notices when the file of a function changes, but not when a file changes that it
calls into. So the folder's name holds a digest of all sources of compiled code, which are the files beside this one.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numba

#: nogil: batch slices run in threads. error_model "numpy": no check for division by zero, which stops vectorising.
#: _nrt: nothing is allocated and no array's references are counted, which took half the time of a small step.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "boundscheck": False, "_nrt": False}
VARIABLE = "CAROUSEL_CACHE_DIR"
LOG = logging.getLogger("carousel.nn.kernels")


def inner(function: Any) -> Any:
    """A function that only other compiled functions call."""
    return numba.njit(**OPTIONS)(function)


def inlined(function: Any) -> Any:
    """The same, copied into its one caller: fifty arrays as arguments would cost as much as a small product."""
    return numba.njit(forceinline=True, **OPTIONS)(function)


def outermost(function: Any) -> Any:
    """A function that Python calls; its machine code is kept in the cache folder, where there is one."""
    folder = cache_folder()
    if folder is None:
        return inner(function)
    config: Any = numba.config
    before, config.CACHE_DIR = config.CACHE_DIR, str(folder)  # read when a function is decorated
    try:
        return numba.njit(cache=True, **OPTIONS)(function)
    finally:
        config.CACHE_DIR = before


def digest_of(folder: Path) -> str:
    """Of every Python file in it, at any depth."""
    digest = hashlib.sha256()
    for source in sorted(folder.rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


@cache
def cache_folder() -> Path | None:
    """$CAROUSEL_CACHE_DIR, else the user's cache folder; None, with a line that says so, where it cannot be written."""
    root = os.environ.get(VARIABLE) or os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    folder = Path(root) / "carousel" / f"kernels-{digest_of(Path(__file__).parent)[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        LOG.warning(
            "compiled kernels cannot be kept in %s (%s): every process will compile them anew; fix: set %s to a "
            "folder that can be written", folder, error.strerror, VARIABLE,
        )  # fmt: skip
        return None

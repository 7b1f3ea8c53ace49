"""The first use of the compiled kernel in a process: load it from the cache, or compile it and say so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import torch
from filelock import FileLock

from carousel.nn.cells import PARAMETERS
from carousel.nn.kernels.numba.jit.compilation import LOG, cache_folder
from carousel.nn.kernels.numba.launch import DTYPES, Pass
from carousel.nn.kernels.numba.layout import equal_layout
from carousel.nn.kernels.numba.specification import SPECIFICATIONS

_ready: set[torch.dtype] = set()


def warm_up(dtype: torch.dtype) -> None:
    """One step of one unit, forward and backward: every compiled function is loaded for this type."""
    if dtype in _ready:
        return
    folder, name = cache_folder(), DTYPES[dtype].name
    if folder is None:
        _compile(dtype, name, "for this process only")
    else:
        mark = folder / f"{name}.compiled"
        with nullcontext() if mark.exists() else _one_at_a_time(folder / "compiling.lock"):
            if mark.exists():  # perhaps only now: another process compiled while this one waited
                _one_step(dtype)
            else:
                _compile(dtype, name, f"once; kept in {folder}")
                mark.touch()
    _ready.add(dtype)


def _compile(dtype: torch.dtype, name: str, kept: str) -> None:
    LOG.warning("compiling the recurrent kernels for %s (%s) ...", name, kept)
    began = time.perf_counter()
    _one_step(dtype)
    LOG.warning("compiled in %.0f s", time.perf_counter() - began)


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """The workers of a first run would compile the same all at once. The lock dies with its process; where the file
    system has none, they do."""
    lock = FileLock(path)
    with suppress(OSError):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _one_step(dtype: torch.dtype) -> None:
    one = torch.zeros(1, 1, 1, dtype=dtype)
    tensors: dict[str, torch.Tensor | None] = dict.fromkeys(("h0", "c0", "dropout", "fresh", *PARAMETERS))
    tensors |= {"x": one, "weight_ih": one[0], "weight_hh": one[0]}
    work = Pass(next(iter(SPECIFICATIONS.values())), [equal_layout(1, 1)], 1, tensors)
    work.forward()
    work.backward((one, None, None), dict.fromkeys(tensors, True), keep=True)

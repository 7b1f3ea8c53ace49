"""The first use of the compiled kernel in a process: load it from the cache, or compile it and say so."""

from __future__ import annotations

import time

import numpy as np

from carousel.kernels.fused.arrays import GivenDerivatives, Inputs, Wanted, sizes_of
from carousel.kernels.fused.compiling import LOG, cache_folder
from carousel.kernels.fused.layout import equal_layout
from carousel.kernels.fused.passes import Pass
from carousel.kernels.fused.specification import SPECIFICATIONS

_ready: set[str] = set()


def prepare(dtype: np.dtype) -> None:
    """One step of one unit, forward and backward: every compiled function is loaded for this type."""
    if dtype.name in _ready:
        return
    folder = cache_folder()
    mark = None if folder is None else folder / f"{dtype.name}.compiled"
    compiling = mark is None or not mark.exists()
    if compiling:
        kept = "for this process only" if folder is None else f"once; kept in {folder}"
        LOG.warning("compiling the recurrent kernels for %s (%s) ...", dtype.name, kept)
    began = time.perf_counter()
    _one_step(dtype)
    _ready.add(dtype.name)
    if compiling:
        LOG.warning("compiled in %.0f s", time.perf_counter() - began)
        if mark is not None:
            mark.touch()


def _one_step(dtype: np.dtype) -> None:
    spec, sizes = next(iter(SPECIFICATIONS.values())), sizes_of(1, 1, dtype)
    one, none, bias = np.zeros(1, dtype), np.empty(0, dtype), np.zeros(sizes.padded, dtype)
    given = Inputs(one, none, none, one, one, bias, none, np.empty(0, np.bool_), none, none, none, none)
    work = Pass(spec, equal_layout(1, 1), sizes, 1, given)
    work.backward(work.forward(), GivenDerivatives(one, none, none), Wanted(x=True, weights=True, keep=True))

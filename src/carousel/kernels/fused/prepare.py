"""The first use of the compiled kernel in a process: load it from the cache, or compile it and say so."""

from __future__ import annotations

import time

import torch

from carousel.cells import PARAMETERS
from carousel.kernels.fused.compiling import LOG, cache_folder
from carousel.kernels.fused.layout import equal_layout
from carousel.kernels.fused.passes import DTYPES, Pass
from carousel.kernels.fused.specification import SPECIFICATIONS

_ready: set[torch.dtype] = set()


def prepare(dtype: torch.dtype) -> None:
    """One step of one unit, forward and backward: every compiled function is loaded for this type."""
    if dtype in _ready:
        return
    folder, name = cache_folder(), DTYPES[dtype].name
    mark = None if folder is None else folder / f"{name}.compiled"
    compiling = mark is None or not mark.exists()
    if compiling:
        kept = "for this process only" if folder is None else f"once; kept in {folder}"
        LOG.warning("compiling the recurrent kernels for %s (%s) ...", name, kept)
    began = time.perf_counter()
    _one_step(dtype)
    _ready.add(dtype)
    if compiling:
        LOG.warning("compiled in %.0f s", time.perf_counter() - began)
        if mark is not None:
            mark.touch()


def _one_step(dtype: torch.dtype) -> None:
    one = torch.zeros(1, 1, 1, dtype=dtype)
    tensors: dict[str, torch.Tensor | None] = dict.fromkeys(("h0", "c0", "dropout", "fresh", *PARAMETERS))
    tensors |= {"x": one, "weight_ih": one[0], "weight_hh": one[0]}
    work = Pass(next(iter(SPECIFICATIONS.values())), equal_layout(1, 1), 1, tensors)
    work.forward()
    work.backward((one, None, None), dict.fromkeys(tensors, True), keep=True)

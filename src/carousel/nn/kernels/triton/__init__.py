"""The kernel named `triton`: every cell on a GPU, gates and total derivatives kept."""

from __future__ import annotations

from carousel.nn.kernels.triton.kernel import TritonKernel

__all__ = ["TritonKernel"]

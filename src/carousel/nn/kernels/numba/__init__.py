"""The numba kernel: every cell's recurrence and its derivatives compiled for the host's vector units."""

from __future__ import annotations

from carousel.nn.kernels.numba.kernel import NumbaKernel

__all__ = ["NumbaKernel"]

"""How functions become machine code, and where that is kept."""

from __future__ import annotations

from typing import Any

import numba

#: nogil: batch slices run in threads. error_model "numpy": no check for division by zero, which stops vectorising.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "boundscheck": False}


def inner(function: Any) -> Any:
    """A function that only other compiled functions call."""
    return numba.njit(**OPTIONS)(function)


def outermost(function: Any) -> Any:
    return numba.njit(**OPTIONS)(function)

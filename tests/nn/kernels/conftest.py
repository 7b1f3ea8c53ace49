"""Memory that a kernel did not write is NaN in every test here."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def poisoned_memory(monkeypatch):
    from carousel.nn.kernels.numba.workspace import POOL

    monkeypatch.setattr(POOL, "poison", True)

"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Before anything imports torch, and for the processes that tests start: two threads wait for each other many times
# longer than a small network computes on a busy machine. Tests of threads set their number themselves.
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout. Absent: skipped with the reason; under CI=true a failure."""
    folder = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    if not folder.is_dir():
        message = "the folder of real data, shared/data beside the checkout, is absent"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder

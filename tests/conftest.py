"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import chromium
from tests.support.real import real_file, vowels_table

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Before anything imports torch, and for the processes that tests start: two threads wait for each other many times
# longer than a small network computes on a busy machine. Tests of threads set their number themselves.
os.environ["OMP_NUM_THREADS"] = "1"


#: Folders and files by the time they take, longest first (`pytest --durations=0`); what is not named follows.
LONG_FIRST = (
    "experiments/runner/test_kills.py", "cli/test_commands.py", "nn/kernels/test_triton.py",
    "nn/kernels/test_first_use.py",
    "cli/test_real_files.py", "cli", "nn/kernels", "introspect/diagnosis", "experiments/report", "experiments/training",
    "experiments/runner", "introspect/flow",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two workers share the files in this order: a long one begun last would leave the other idle for minutes."""
    folder = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(folder)
        return next((k for k, name in enumerate(LONG_FIRST) if path.is_relative_to(name)), len(LONG_FIRST))

    items.sort(key=place)


@pytest.fixture(scope="session")
def real_data(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The path of a real file by name: vowels, vowels-table, airline, solar. Comes with a development dependency."""
    table = cache(lambda: vowels_table(tmp_path_factory.mktemp("vowels")))
    return lambda name: table() if name == "vowels-table" else real_file(name)


@pytest.fixture(scope="session")
def chorales() -> Path:
    """The chorales, which no package carries. Absent: skipped with the reason; under CI=true a failure."""
    path = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "JSB_Chorales.mat"
    if not path.is_file():
        message = "JSB_Chorales.mat (Boulanger-Lewandowski et al. 2012), in shared/data beside the checkout, is absent"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture(scope="session", autouse=True)
def forked_workers() -> Iterator[None]:
    """The workers of runs that a test makes in this process are real ones, without seconds of importing torch each."""
    from carousel.experiments.runner import pool
    from tests.soak.processes import server, start_workers_forked
    from tests.support.runs import environment

    with ExitStack() as closing, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "subprocess", pool.subprocess)  # put back at the end
        start_workers_forked(cache(lambda: closing.enter_context(server(environment()))))
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, one for all tests of a file."""
    with chromium() as opened:
        yield opened

"""Fixtures of the tests of the lab page."""

from __future__ import annotations

from pathlib import Path

import pytest

from carousel.page.lab import lab_page


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lesson as it ships, in both languages."""
    path = tmp_path_factory.mktemp("lab") / "lab.html"
    path.write_text(lab_page(), encoding="utf-8")
    return path

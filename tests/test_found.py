"""What was found: the same numbers in both languages; those of the gradient are the ones that why measures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
KEPT = ("lstm", "rnn", "lstm-chrono", "rnn-orthogonal")  # in the order of the page


def body(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def counts(page: str) -> list[list[str]]:
    """The last column of every table: solved, of how many."""
    return [re.findall(r"\d+", cell) for cell in re.findall(r"^\| .* \| (\d+ (?:of|/) \d+) \|$", page, re.MULTILINE)]


@pytest.mark.parametrize("suffix", ["", ".zh"])
def test_what_is_left_of_the_gradient_is_what_why_measures(suffix: str) -> None:
    why = {name: value for value, name in re.findall(r"([\d.]+) ?%<!--([\w-]+)\.30-->", body("why.md"))}
    section = body(f"found{suffix}.md").split("\n## ")[1]
    assert re.findall(r"([\d.]+) ?%", section) == [why[name] for name in KEPT]


def test_both_languages_count_the_same() -> None:
    english, chinese = counts(body("found.md")), counts(body("found.zh.md"))
    assert len(english) == 10 and english == chinese

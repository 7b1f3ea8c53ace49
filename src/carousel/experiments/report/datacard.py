"""The user's file on the page: the lines of its data card, and the table of its classes."""

from __future__ import annotations

from carousel.common.pages.numbers import count
from carousel.common.texts import text
from carousel.experiments.data.card import Card
from carousel.experiments.data.prepare.card_text import card_lines
from carousel.experiments.report.view import Table

PARTS = ("training", "validation", "test")


def lines(card: Card | None, lang: str) -> tuple[str, ...]:
    """What is in the file and what was done to it; nothing for built-in tasks. Classes have their own table."""
    if card is None:
        return ()
    return tuple(card_lines({**card, "classes": None}, lang))


def class_table(card: Card | None, lang: str) -> Table | None:
    """How many sequences of each class each part holds."""
    if card is None or not card["classes"]:
        return None
    return Table(
        title=text("report.data.classes", lang),
        headers=tuple(text(f"report.data.{name}", lang) for name in ("class", *PARTS)),
        rows=tuple((str(c["name"]), *map(count, (c["training"], c["validation"], c["test"]))) for c in card["classes"]),
        numeric=frozenset({1, 2, 3}),
    )

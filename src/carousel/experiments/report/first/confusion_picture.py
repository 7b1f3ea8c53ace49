"""Picture of a file of classes: how many sequences of each class were taken for which, over all reporting splits."""

from __future__ import annotations

import numpy as np

from carousel.common.pages.numbers import count
from carousel.experiments.report.first.picture import family, svg, wide, words
from carousel.experiments.report.first.plain_names import network
from carousel.experiments.report.first.words import COMMA, GAP, rounded, say
from carousel.experiments.report.tables.answers import class_scores, confusion
from carousel.experiments.results.answered import Answers

MOST, LONGEST = 12, 16  # classes; characters of a name
HIGH, ROOM = 28.0, 10.0
SHADE = 0.45  # of a whole row: its number stays readable


def confusion_picture(answers: Answers, lang: str) -> tuple[str, str, str]:
    """SVG, title, caption. Of many classes those that were mistaken most."""
    size = len(answers.classes)
    matrix = confusion(answers)["count"].to_numpy().reshape(size, size)
    shown = _shown(matrix)
    names = [_cut(answers.classes[k]) for k in shown]
    left = max(map(wide, names)) + ROOM
    across = max(HIGH, max(wide(count(int(n))) for n in matrix.ravel()) + 8)
    top = 28.0 + max(map(wide, names))
    above = say("first.confusion.predicted", lang)
    marks = [words(left, 13, above, "tick")]
    for k, name in enumerate(names):
        x = left + (k + 0.5) * across
        turned = f'<g transform="translate({x + 4:g},{top - 5:g})rotate(-90)">{words(0, 0, name, "name")}</g>'
        marks += [turned, words(0, top + (k + 0.5) * HIGH + 4.5, name, "name")]
    marks += [_cell(matrix[row], column, left + c * across, top + r * HIGH, across, family(answers.made))
              for r, row in enumerate(shown) for c, column in enumerate(shown)]  # fmt: skip
    title = say("first.confusion.title", lang, name=network(answers.made, lang))
    scores = class_scores(answers).by_class
    recalled = [(name, value) for name, value in scores.select("class", "recall").iter_rows() if value is not None]
    each = COMMA[lang].join(say("first.confusion.each", lang, name=n, share=rounded(v, lang)) for n, v in recalled)
    desc = say("first.confusion.desc", lang, each=each)
    caption = [say("first.confusion.caption", lang)]
    caption += [say("first.confusion.most", lang, shown=len(shown), classes=size)] if len(shown) < size else []
    box = (left + max(across * len(shown), wide(above)) + 2, top + HIGH * len(shown) + 2)
    return svg(f"confusion-{lang}", box, title, desc, marks), title, GAP[lang].join(caption)


def _shown(matrix: np.ndarray) -> list[int]:
    """The classes that are drawn, in order."""
    wrong = matrix.sum(axis=0) + matrix.sum(axis=1) - 2 * matrix.diagonal()
    return sorted(np.argsort(-wrong, kind="stable")[:MOST].tolist())


def _cell(row: np.ndarray, column: int, x: float, y: float, across: float, hue: str) -> str:
    """A box, filled by the share of the row; its count."""
    share = row[column] / row.sum() if row.sum() else 0.0
    box = f'x="{x:g}" y="{y:g}" width="{across:g}" height="{HIGH:g}" fill-opacity="{SHADE * share:.2f}"'
    fill = f'<rect class="cell {hue}" {box}/>'
    return fill + words(x + across / 2, y + HIGH / 2 + 4.5, count(int(row[column])), "", "middle")


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"

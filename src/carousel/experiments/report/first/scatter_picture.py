"""Picture of a file of values: what was predicted against what was true, over all reporting splits."""

from __future__ import annotations

import numpy as np
import polars as pl

from carousel.experiments.report.first.picture import family, svg
from carousel.experiments.report.first.plain_names import network
from carousel.experiments.report.first.plot_area import area, short
from carousel.experiments.report.first.words import say
from carousel.experiments.results.answered import Answers

MOST, SIDE = 500, 260.0  # dots; pixels


def scatter_picture(answers: Answers, lang: str) -> tuple[str, str, str]:
    """SVG, title, caption."""
    rows = answers.spread
    drawn = rows[np.unique(np.arange(MOST) * rows.height // MOST).tolist()]
    values = pl.concat([drawn["truth"], drawn["predicted"]])
    ends = (float(values.min()), float(values.max()))
    box = area(ends, ends, SIDE, SIDE)
    hue = family(answers.made)
    places = [box.at(x, y) for x, y in drawn.select("truth", "predicted").iter_rows()]
    marks = [
        *box.frame(say("first.scatter.true", lang), say("first.scatter.predicted", lang)),
        f'<polyline class="level" points="{box.path([(end, end) for end in box.x])}"/>',
        *(f'<circle class="dot {hue} empty" cx="{x:g}" cy="{y:g}" r="3"/>' for x, y in places),
    ]
    title = say("first.scatter.title", lang, name=network(answers.made, lang))
    off = float((rows["predicted"] - rows["truth"]).abs().median())  # type: ignore[arg-type]
    desc = say("first.scatter.desc", lang, error=short(off), low=short(ends[0]), high=short(ends[1]))
    return (
        svg(f"scatter-{lang}", box.size, title, desc, marks),
        title,
        say("first.scatter.caption", lang, error=short(off)),
    )

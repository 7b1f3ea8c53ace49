"""Pictures of a forecast: the last windows of a test part with their interval, and the error by step ahead."""

from __future__ import annotations

import polars as pl

from carousel.experiments.answer_columns import ANSWERED_STEPS
from carousel.experiments.report.first.picture import family, svg
from carousel.experiments.report.first.plain_names import network
from carousel.experiments.report.first.plot_area import area, short
from carousel.experiments.report.first.words import rounded, say
from carousel.experiments.report.tables.answers import by_step_ahead
from carousel.experiments.results.answered import Answers

WIDTH, HEIGHT = 400.0, 170.0


def forecast_picture(answers: Answers, lang: str) -> tuple[str, str, str] | None:
    """SVG, title, caption; None where no window of the first split has a finite answer."""
    windows = _windows(answers)
    if not windows:
        return None
    rows = pl.concat(windows)
    ends = pl.concat([rows["truth"], rows["predicted"] - rows["half"], rows["predicted"] + rows["half"]])
    steps = rows["step"]
    low, high = float(ends.min()), float(ends.max())  # type: ignore[arg-type]
    box = area((steps.min(), steps.max()), (low, high), WIDTH, HEIGHT)  # type: ignore[arg-type]
    hue = family(answers.made)
    column = str(rows["column"][0])
    marks = box.frame(say("first.forecast.step", lang), column)
    pieces = windows if windows[0].height > 1 else [rows]  # of one step ahead nothing else could be joined
    for window in pieces:
        upper = window.select("step", pl.col("predicted") + pl.col("half")).rows()
        lower = window.select("step", pl.col("predicted") - pl.col("half")).rows()
        marks += _band(box.path([*upper, *reversed(lower)]), hue)
    marks += [f'<polyline class="truth" points="{box.path(rows.select("step", "truth").rows())}"/>']
    marks += [mark for window in pieces for mark in _line(box.path(window.select("step", "predicted").rows()), hue)]
    title = say("first.forecast.title", lang, name=network(answers.made, lang))
    held = float(((rows["predicted"] - rows["truth"]).abs() <= rows["half"]).mean())  # type: ignore[arg-type]
    about = {"steps": rows.height, "horizon": windows[0].height, "share": rounded(held, lang), "column": column}
    drawn = svg(f"forecast-{lang}", box.size, title, say("first.forecast.desc", lang, **about), marks)
    return drawn, title, say("first.forecast.caption", lang, **about)


def ahead_picture(answers: Answers, lang: str) -> tuple[str, str, str] | None:
    """SVG, title, caption; None where only one step is forecast."""
    table = by_step_ahead(answers)
    rows = table.filter(column=table["column"][0]).sort("ahead")
    if rows.height < 2:
        return None
    steps, errors = rows["ahead"], rows["error"]
    box = area((1, int(steps.max())), (0.0, float(errors.max())), WIDTH, HEIGHT)  # type: ignore[arg-type]
    hue, points = family(answers.made), rows.select("ahead", "error").rows()
    dots = [f'<circle class="dot {hue} full" cx="{x:g}" cy="{y:g}" r="3"/>' for x, y in (box.at(*p) for p in points)]
    marks = [
        *box.frame(say("first.ahead.x", lang), say("first.ahead.y", lang, column=rows["column"][0])),
        *_line(box.path(points), hue),
        *(dots if rows.height <= 30 else ()),
    ]
    title = say("first.ahead.title", lang)
    ends = {"first": short(errors[0]), "last": short(errors[-1]), "steps": rows.height}
    drawn = svg(f"ahead-{lang}", box.size, title, say("first.ahead.desc", lang, **ends), marks)
    return drawn, title, say("first.ahead.caption", lang)


def _windows(answers: Answers) -> list[pl.DataFrame]:
    """The last windows of one series of the first split, end to end, for the first column."""
    finite = answers.table.filter(pl.col("predicted").is_not_null())
    split = finite.filter(seed=finite["seed"].min(), column=finite["column"][0]) if finite.height else finite
    if split.is_empty():
        return []
    rows = split.filter(series=split.sort("sequence")["series"][0]).with_columns(seen=pl.col("step") - pl.col("ahead"))
    horizon, last = int(rows["ahead"].max()), int(rows["seen"].max())  # type: ignore[arg-type]
    by_end = rows.sort("ahead").partition_by("seen", as_dict=True)
    found = []
    for end in range(last, last - max(ANSWERED_STEPS, horizon), -horizon):
        if (end,) not in by_end:
            break
        found.append(by_end[(end,)])
    return found[::-1]


def _band(points: str, hue: str) -> list[str]:
    return [f'<polygon class="band {hue}" points="{points}"/>']


def _line(points: str, hue: str) -> list[str]:
    return [f'<polyline class="curve {hue}" points="{points}"/>']

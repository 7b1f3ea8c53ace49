"""Picture: how much of the gradient is left k steps back, in percent, each curve named where it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from carousel.experiments.report.first.gradient import Kept, Reason
from carousel.experiments.report.first.picture import DASHES, family, line, svg, wide, words
from carousel.experiments.report.first.plain_names import network, task
from carousel.experiments.report.first.words import COMMA, percent, say
from carousel.experiments.runner.plan import Contender, Plan

LEFT, TOP, WIDTH, HEIGHT, GAP = 46.0, 14.0, 200.0, 190.0, 19.0
CEILING = 2.0  # a gradient that grows is drawn up to twice its size


def kept_picture(plan: Plan, found: Reason, lang: str) -> tuple[str, str, str]:
    """SVG, title, caption."""
    made = [c for c in plan.contenders[found.condition.source] if c.spec in found.kept]
    back = min(found.kept[c.spec].back for c in made)
    title = say(f"first.kept.title_{found.moment}", lang)
    each = [
        say("first.kept.each", lang, name=network(c, lang), share=percent(found.kept[c.spec].left(back), lang))
        for c in made
    ]
    desc = say("first.kept.desc", lang, back=back, each=COMMA[lang].join(each))
    named = task(plan, found.condition.source, lang)
    caption = say("first.kept.caption", lang, task=named, length=found.condition.length)
    top = min(CEILING, max(1.0, *(share for c in made for share in _drawn(found.kept[c.spec], back).values())))
    marks = [
        *_frame(back, top, lang),
        *_curves(made, found.kept, back, top),
        *_labels(made, found.kept, back, top, lang),
    ]
    beside = max(wide(_label(c, found.kept, back, lang)) for c in made)
    size = (LEFT + WIDTH + 20 + beside, max(TOP + HEIGHT + 40, TOP + GAP * len(made) + 20))
    return svg(f"kept-{lang}", size, title, desc, marks), title, caption


def _drawn(kept: Kept, back: int) -> dict[int, float]:
    return {lag: kept.left(lag) for lag in kept.log_gain if lag <= back}


def _y(share: float, top: float) -> float:
    return round(TOP + HEIGHT * (1 - min(share, top) / top), 1)


def _frame(back: int, top: float, lang: str) -> list[str]:
    """Percent to the left, steps below."""
    ticks = [0.0, 0.5, 1.0, *([top] if top > 1.2 else [])]
    rows = [
        mark
        for share in ticks
        for mark in (
            line(LEFT, _y(share, top), LEFT + WIDTH, _y(share, top), "grid"),
            words(LEFT - 6, _y(share, top) + 4, say("first.percent", lang, value=f"{100 * share:.0f}"), "tick", "end"),
        )
    ]
    feet = [words(LEFT + WIDTH * k / back, TOP + HEIGHT + 17, f"{k}", "tick", "middle") for k in _steps(back)]
    return [*rows, *feet, words(LEFT + WIDTH / 2, TOP + HEIGHT + 35, say("first.kept.x", lang), "tick", "middle")]


def _steps(back: int) -> Sequence[int]:
    stride = max(1, round(back / 3))
    return [*range(0, back - stride // 2, stride), back]


def _curves(made: Sequence[Contender], kept: Mapping[str, Kept], back: int, top: float) -> list[str]:
    seen: Counter[str] = Counter()
    marks = []
    for each in made:
        dash = DASHES[seen[family(each)] % len(DASHES)]
        seen[family(each)] += 1
        points = " ".join(
            f"{LEFT + WIDTH * lag / back:.1f},{_y(share, top)}" for lag, share in _drawn(kept[each.spec], back).items()
        )
        marks.append(f'<polyline class="curve {family(each)}" stroke-dasharray="{dash}" points="{points}"/>')
    return marks


def _labels(made: Sequence[Contender], kept: Mapping[str, Kept], back: int, top: float, lang: str) -> list[str]:
    """A name and a share where each curve ends, moved apart where they would lie upon one another."""
    order = sorted(made, key=lambda c: -kept[c.spec].left(back))
    ends = [_y(kept[c.spec].left(back), top) for c in order]
    places = _lifted(ends, TOP + HEIGHT)
    marks = []
    for each, end, place in zip(order, ends, places, strict=True):
        x = LEFT + WIDTH
        marks.append(f'<path class="lead {family(each)}" d="M{x + 2:g} {end}L{x + 12:g} {place:g}"/>')
        marks.append(words(x + 16, place + 4.5, _label(each, kept, back, lang), "name"))
    return marks


def _label(made: Contender, kept: Mapping[str, Kept], back: int, lang: str) -> str:
    return f"{network(made, lang, 'label')} {percent(kept[made.spec].left(back), lang)}"


def _lifted(ends: Sequence[float], floor: float) -> list[float]:
    """Places at least GAP apart, in the order of `ends` (downwards), the lowest on the floor at most."""
    places: list[float] = []
    for end in ends:
        places.append(max(end, places[-1] + GAP) if places else max(end, TOP))
    limit = floor
    for k in range(len(places) - 1, -1, -1):
        places[k] = min(places[k], limit)
        limit = places[k] - GAP
    return places

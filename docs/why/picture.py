"""Draw the picture of docs/why.md anew: `python docs/why/picture.py` writes docs/images/why.svg.

It holds symbols and names alone, so that both languages share it.
"""

import math
from pathlib import Path
from typing import Any, NamedTuple

import altair as alt
from measure import profile

from carousel.common.pages import theme
from carousel.common.pages.log_axis import LogAxis
from carousel.common.pages.render import svg

IMAGE = Path(__file__).resolve().parents[1] / "images" / "why.svg"
WIDTH, HEIGHT = 620, 300
AXIS = LogAxis(-10, 0, "G(k)")
X = theme.steps("k", "k")


class Line(NamedTuple):
    """A network's line, and where its name stands: beside the point at lag `at`, on the side of `align`."""

    kind: str
    name: str
    colour: str
    dash: list[int]
    at: int
    align: str
    up: int  # pixels above the point


LINES = (
    Line("lstm-chrono", "LSTM, chrono", "#a83c00", [1, 0], 98, "right", 14),
    Line("rnn-orthogonal", "RNN, orthogonal", "#3d9be0", [7, 3], 80, "left", 8),
    Line("lstm-bias-1", "LSTM, b_f = 1", "#e8710a", [7, 3], 70, "left", 8),
    Line("lstm", "LSTM", "#c99700", [1, 0], 36, "left", 6),
    Line("rnn", "RNN", "#0b5394", [1, 0], 36, "right", -6),
)


def drawn() -> Any:
    """What is left of the gradient k steps back, a line for each network, with its name beside it."""
    return theme.styled(alt.layer(*(layer for line in LINES for layer in _layers(line)))
                        .properties(width=WIDTH, height=HEIGHT))  # fmt: skip


def _layers(line: Line) -> list[Any]:
    decades = [value / math.log(10) for value in profile(line.kind).tolist()]
    rows = [{"k": k, "gain": round(gain, 4)} for k, gain in enumerate(decades) if gain >= AXIS.low]
    curve = alt.Chart(theme.data(rows)).mark_line(stroke=line.colour, strokeDash=line.dash, strokeWidth=2.2)
    name = alt.Chart(theme.data([rows[line.at] | {"name": line.name}])).mark_text(
        align=line.align, dx=6 if line.align == "left" else -6, dy=-line.up, fontSize=13, color=theme.INK
    )
    x, y = X, AXIS.y("gain")
    return [curve.encode(x=x, y=y), name.encode(x=x, y=y, text=alt.Text("name:N"))]


def text() -> str:
    return svg(drawn(), "why")


if __name__ == "__main__":
    IMAGE.write_text(text(), encoding="utf-8")

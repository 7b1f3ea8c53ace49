"""The Monash format: attributes, starts, frequencies and values changed; bytes too."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.kinds.reading import read
from tests.fuzz.mutate import mutated_bytes, word

_GIVEN: dict[str, Any] = {"forecast": ("value",), "group": "name", "order": "time", "window": 4}
_FREQUENCIES = ("monthly", "daily", "10_minutes", "yearly", "9999_years", "quarterly", "0_days", "", "fortnightly")


def tsf(draw: Random, folder: Path) -> None:
    """Three series of sixty steps."""
    head = ["# made", "@relation r", "@attribute name string", "@attribute start date",
            f"@frequency {draw.choice(_FREQUENCIES)}", f"@horizon {draw.choice(('2', '0', '-1', '9' * 30))}",
            "@missing false", "@data"]  # fmt: skip
    body = [f"T{n}:20{n}0-01-31 00-00-00:" + ",".join(str((n + 1) * t % 7) for t in range(60)) for n in range(3)]
    lines = head + body
    for _ in range(draw.choice((0, 1, 1, 2))):
        draw.choice(_EDITS)(lines, draw)
    content = draw.choice(("\n", "\n", "\r\n", "\r")).join(lines).encode("utf-8", "surrogatepass")
    (folder / "a.tsf").write_bytes(mutated_bytes(content, draw) if draw.random() < 0.3 else content)
    given = draw.choice((_GIVEN, _GIVEN, _GIVEN, _GIVEN | {"order": "step"}, {}))
    read(folder / "a.tsf", given, draw, ("name", "time", "step", "value"))


def _field(lines: list[str], draw: Random) -> None:
    at = draw.randrange(len(lines))
    mark = draw.choice((":", ",", " "))
    parts = lines[at].split(mark)
    parts[draw.randrange(len(parts))] = draw.choice(("?", "", "1e999", "9999-12-31 00-00-00", word(draw)))
    lines[at] = mark.join(parts)


def _line(lines: list[str], draw: Random) -> None:
    at = draw.randrange(len(lines))
    draw.choice((
        lambda: lines.pop(at), lambda: lines.insert(at, lines[at]), lambda: lines.insert(at, word(draw)),
        lambda: lines.insert(at, "@attribute more numeric"), lambda: draw.shuffle(lines),
    ))()  # fmt: skip


_EDITS = (_field, _field, _field, _line)

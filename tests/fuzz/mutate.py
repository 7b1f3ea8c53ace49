"""Mutators: of bytes, and of plain data as JSON and TOML hold it. All chance comes from the `Random` that is given."""

from __future__ import annotations

import copy
import struct
from collections.abc import Callable
from random import Random
from typing import Any

#: Pieces that mean something to one reader or another.
PIECES = (
    b"\n", b"\r", b'"', b",", b";", b"\t", b"{", b"[", b"]", b"}", b"\\", b":", b"@", b"#", b"?", b"=", b"\0",
    b"\x1b[2J",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\xed\xa0\x80", b"1e999", b"nan", b"-0", b"null",
    b"9" * 400, b"[" * 200, b"x" * 3000, b"PK\x03\x04", b"PAR1", b"(" * 300,
)  # fmt: skip
_EXTREMES = (0, 1, -1, 2**7, 2**15, 2**31 - 1, -(2**31), 2**32 - 1, 2**63 - 1, -(2**63))

#: Texts that a cell, a name or an option may hold.
WORDS = (
    "", " ", "NA", "nan", "NaN", "inf", "-Infinity", "1e999", "-0", "1e-320", "1e308", "0x10", "1_000", "1,5", "+3",
    "٣",
    "½", "é", "語", "💥", "e\u0301", "\u202e", "\u200b", "\x1b[2J", "\x00", "\x7f", "\ud800", "a\nb", "a\r\nb", "a\tb",
    '"',
    "'", '""', "\\", "=1+1", "@data", "#", "{}", "[1]", "null", "true", "TRUE", "2020-01-01", "2020-13-45",
    "2020-02-30",
    "9999-12-31", "0000-01-01", "2020-01", "2020-01-01T00:00", "2020-01-01 00:00+99:99", "9223372036854775807",
    "9223372036854775808", "-9223372036854775809", "18446744073709551616", "9" * 400, "9" * 5000, "." * 300, "x" * 200,
    "x" * 70_000, "-", "--", "-1", "0", "..", "/", "~", "%s%n", "{0}", "${x}", "None", "--target", "../../etc/passwd",
)  # fmt: skip

#: Values that JSON and TOML may hold in place of any other.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 16, 10**6, 2**31, 2**62, 2**63, -(2**64), 10**40, 10**400, 0.5, -0.0, 1e-320,
    1e308, 1e400,
    -1e400, float("nan"), [], {}, [[]], [None], [1, "a"], {"": None}, {"a": {"b": [{}]}}, [0] * 1000,
)  # fmt: skip


def mutated_bytes(content: bytes, draw: Random, pieces: tuple[bytes, ...] = PIECES) -> bytes:
    """Bytes flipped, set, put in, taken out, doubled, cut off, numbers replaced; mostly near the ends, where binary
    formats keep what they are."""
    data = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 5, 30))):
        if data:
            at = _place(len(data), draw)
            draw.choice(_EDITS)(data, at, draw, pieces)
    return bytes(data)


def _place(size: int, draw: Random) -> int:
    near = draw.choice((size, size, min(size, 300), min(size, 40)))
    return draw.randrange(near) if draw.random() < 0.5 else size - 1 - draw.randrange(near)


def _flip(data: bytearray, at: int, draw: Random, _: tuple[bytes, ...]) -> None:
    data[at] ^= 1 << draw.randrange(8)


def _set(data: bytearray, at: int, draw: Random, _: tuple[bytes, ...]) -> None:
    data[at] = draw.choice((0, 1, 127, 128, 255, draw.randrange(256)))


def _insert(data: bytearray, at: int, draw: Random, pieces: tuple[bytes, ...]) -> None:
    data[at:at] = draw.choice(pieces)


def _remove(data: bytearray, at: int, draw: Random, _: tuple[bytes, ...]) -> None:
    del data[at : at + draw.choice((1, 2, 8, 64))]


def _double(data: bytearray, at: int, draw: Random, _: tuple[bytes, ...]) -> None:
    data[at:at] = data[at : at + draw.choice((1, 8, 100))] * draw.choice((1, 1, 50))


def _number(data: bytearray, at: int, draw: Random, _: tuple[bytes, ...]) -> None:
    value, size = draw.choice(_EXTREMES), draw.choice((1, 2, 4, 8))
    data[at : at + size] = struct.pack("<q", value if value < 2**63 else -1)[:size]


def _cut(data: bytearray, at: int, draw: Random, _: tuple[bytes, ...]) -> None:
    if draw.random() < 0.3:
        del data[at + 1 :]


_EDITS = (_flip, _flip, _set, _set, _insert, _remove, _double, _number, _cut)


def word(draw: Random) -> str:
    """A text of WORDS, now and then of random characters."""
    if draw.random() < 0.8:
        return draw.choice(WORDS)
    return "".join(
        chr(draw.choice((draw.randrange(128), draw.randrange(0x3000)))) for _ in range(draw.randrange(1, 30))
    )


def value(draw: Random) -> Any:
    """A value of VALUES, or a text."""
    return copy.deepcopy(draw.choice(VALUES)) if draw.random() < 0.7 else word(draw)


def mutated_value(found: Any, draw: Random, times: int = 0) -> Any:
    """Plain data with values replaced, nudged, taken out, doubled or put in, at any depth."""
    found = copy.deepcopy(found)
    for _ in range(times or draw.choice((1, 1, 1, 2, 4))):
        places = _places(found)
        if not places:
            return value(draw)
        parent, key = draw.choice(places)
        draw.choice(_CHANGES)(parent, key, draw)
    return found


def _places(found: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in the data."""
    keys: Any = found.keys() if isinstance(found, dict) else range(len(found)) if isinstance(found, list) else ()
    return [(found, key) for key in keys] + [place for key in keys for place in _places(found[key])]


def _replace(parent: Any, key: Any, draw: Random) -> None:
    parent[key] = value(draw)


def _nudge(parent: Any, key: Any, draw: Random) -> None:
    old = parent[key]
    if isinstance(old, int | float) and not isinstance(old, bool):
        parent[key] = draw.choice(
            (-old, old + 1, old - 1, old * 1000, float(old) if abs(old) < 1e300 else 0.0, str(old))
        )
    elif isinstance(old, str):
        parent[key] = draw.choice((old[:-1], old + " ", old.upper(), old * 2, old + word(draw), [old]))
    else:
        parent[key] = [old] if draw.random() < 0.5 else value(draw)


def _take_out(parent: Any, key: Any, draw: Random) -> None:
    del parent[key]


def _put_in(parent: Any, key: Any, draw: Random) -> None:
    if isinstance(parent, list):
        parent.insert(key, draw.choice((value(draw), copy.deepcopy(parent[key]))))
    else:
        parent[word(draw)] = value(draw)


def _swap(parent: Any, key: Any, draw: Random) -> None:
    other = draw.choice([*parent] if isinstance(parent, dict) else range(len(parent)))
    parent[key], parent[other] = parent[other], parent[key]


_CHANGES: tuple[Callable[[Any, Any, Random], None], ...] = (
    _replace,
    _replace,
    _nudge,
    _nudge,
    _take_out,
    _put_in,
    _swap,
)

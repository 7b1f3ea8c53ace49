"""Names from a file as a person can see them: what cannot be printed is replaced, what is too long is shortened.

A control character in a label aborts the drawing library, a direction mark reorders the line it is printed in, a
lone surrogate cannot be written at all. So names are cleaned once, where they enter: columns, groups, words, classes,
the file's own name.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

from carousel.common.terminal import shortened
from carousel.experiments.data.arrays import Note

MOST_CHARACTERS = 100
MOST_OF_A_FILE = 60  # its name becomes part of others
JOINERS = "\u200c\u200d"  # of Persian, Hindi, emoji: invisible, and part of the spelling


def visible(name: str, most: int = MOST_CHARACTERS) -> str:
    """Control characters as their symbols (ESC: U+241B), others that cannot be printed as U+FFFD; "..." in the middle
    of a name of more than `most` characters."""
    if name.isprintable() and len(name) <= most:
        return name
    shown = "".join(map(_symbol, name))
    return shortened(shown, most)


def _symbol(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    kind = unicodedata.category(character)
    no_character = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    hidden = no_character or (kind in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in JOINERS)
    return "\ufffd" if hidden else character


def all_visible(names: Sequence[str]) -> list[str]:
    """The names, each visible; two that become equal are told apart by a number."""
    kept = {name for name in names if visible(name) == name}
    shown = []
    counts: Counter[str] = Counter()  # how many numbers are given to names that look alike: thousands may
    for name in names:
        candidate, stem = visible(name), visible(name, MOST_CHARACTERS - 8)
        while candidate != name and candidate in kept:
            counts[stem] += 1
            candidate = f"{stem} ({counts[stem] + 1})"
        kept.add(candidate)
        shown.append(candidate)
    return shown


def renamed_note(names: Sequence[str], shown: Sequence[str]) -> list[Note]:
    """A line of the data card where a name is not as in the file; none where all are."""
    changed = [after for before, after in zip(names, shown, strict=True) if before != after]
    return [{"key": "renamed", "count": len(changed), "values": changed}] if changed else []

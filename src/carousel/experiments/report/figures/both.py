"""Texts of a figure in every language at once: it is drawn once, and its words are put in afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from carousel.common.texts import LANGUAGES, text

_FIRST, _END = 0xE000, "\uf8ff"  # of Unicode's private use: no text of ours holds them
_MARKED = re.compile(f"([\ue000-\uf8fe])([^{_END}]*){_END}")
DRAWN_IN = "en"  # the language whose widths the layout takes


class Both:
    """Remembers what a figure says in each language while it is drawn."""

    def __init__(self) -> None:
        self._said: list[dict[str, str]] = []

    def __call__(self, say: Callable[[str], str]) -> str:
        """`say` of a language, to be drawn: marked where the languages differ, plain where they do not."""
        words = {lang: say(lang) for lang in LANGUAGES}
        if len(set(words.values())) == 1:
            return words[DRAWN_IN]
        if words not in self._said:
            self._said.append(words)
        return f"{chr(_FIRST + self._said.index(words))}{words[DRAWN_IN]}{_END}"

    def text(self, key: str, **values: object) -> str:
        """A text of the catalogue, to be drawn."""
        return self(lambda lang: text(key, lang, **values))

    def told(self, drawn: str, lang: str) -> str:
        """The drawn SVG with its words in `lang`."""
        return _MARKED.sub(lambda found: escape(self._words(found[1])[lang], quote=False), drawn)

    def _words(self, mark: str) -> dict[str, str]:
        return self._said[ord(mark) - _FIRST]


def is_marked(drawn: str) -> bool:
    """Whether a drawn text differs by language."""
    return _MARKED.search(drawn) is not None

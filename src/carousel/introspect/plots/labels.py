"""The texts of one figure of a tape, in one language."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt

from carousel.common.errors import UnknownName
from carousel.common.pages import theme
from carousel.common.texts import LANGUAGES, text


@dataclass(frozen=True)
class Words:
    """figure: the section of plots.LANG.toml. place: the layer shown, "encoder.rnn.l0". reverse: it runs from the end
    to the start, which every heading then says. Raises UnknownName for another language."""

    figure: str
    site: str
    lang: str
    reverse: bool = False

    def __post_init__(self) -> None:
        if self.lang not in LANGUAGES:
            raise UnknownName("language", self.lang, LANGUAGES)

    def __call__(self, part: str, **values: object) -> str:
        """A text of this figure."""
        return text(f"plots.{self.figure}.{part}", self.lang, **values)

    def shared(self, part: str, **values: object) -> str:
        """A text that several figures have."""
        return text(f"plots.shared.{part}", self.lang, **values)

    def value(self, name: str) -> str:
        """A gate or state: "forget gate f"."""
        return text(f"plots.value.{name}", self.lang)

    def joined(self, *notes: str) -> str:
        """Notes in one line; empty ones are left out."""
        return " · ".join(note for note in notes if note)

    def title(self, *notes: str, **values: object) -> alt.TitleParams:
        """The figure's heading, with notes below it; empty ones are left out."""
        said = (*notes, self.shared("reverse") if self.reverse else "")
        return theme.titled(self("title", site=self.site, **values), [note for note in said if note])

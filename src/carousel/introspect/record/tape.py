"""What was recorded of a model: a track for every layer and direction, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from carousel.common.errors import BadCall, UnknownName
from carousel.introspect.record.table import table
from carousel.introspect.record.track import Track
from carousel.nn.kernels import Tape

if TYPE_CHECKING:
    from carousel.introspect.plots import Plots


class ModelTape(Mapping[str, Track]):
    """What `record` gives: `tape["encoder.rnn.l0"].f`; `print(tape)` lists every name, its shape and what it is.

    Layers and directions carry torch's own suffixes (l0, l0_reverse, l1, ...); a *Cell module has its own name alone.
    `skipped`: recurrent modules that could not be recorded, and why.
    """

    def __init__(self, skipped: Mapping[str, str]):
        self._tracks: dict[str, Track] = {}
        self.skipped = dict(skipped)

    def add(self, name: str, what: str) -> Track:
        """A new track, still empty."""
        track = self._tracks[name] = Track(name, what)
        return track

    def __getitem__(self, name: str) -> Track:
        if name not in self._tracks:
            raise UnknownName("name on the tape", name, self._tracks, fix="print(tape) lists them")
        return self._tracks[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tracks)

    def __len__(self) -> int:
        return len(self._tracks)

    def __contains__(self, name: object) -> bool:
        return name in self._tracks

    __eq__, __hash__ = object.__eq__, object.__hash__  # a recording is itself

    def track(self, name: str | None = None) -> Track:
        """The track of one site; the name may be left out where only one ran."""
        if name is None:
            ran = [site for site, track in self.items() if track.calls]
            if len(ran) != 1:
                raise BadCall("which layer?", allowed=", ".join(ran) or "none: nothing ran inside record()")
            name = ran[0]
        return self[name]

    def single(self, name: str | None = None, call: int | None = None) -> Tape:
        """The tape of one call of one site; either may be left out where there is only one."""
        return self.track(name).single(call)

    @property
    def plot(self) -> Plots:
        """Figures of this tape as altair charts: `tape.plot.raster("rnn.l0", "f")`, ..."""
        from carousel.introspect.plots import Plots  # altair loads when a figure is asked for

        return Plots(self)

    def table(self, lang: str = "en") -> str:
        """Every name, its shape and what it is, as lines of text."""
        return table(self, self.skipped, lang)

    def __str__(self) -> str:
        return self.table()

    def __repr__(self) -> str:
        return f"ModelTape({', '.join(self)})"

"""What flow works on: the tape of one call of one layer in one direction, found in whatever holds it."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from carousel.common.errors import BadCall
from carousel.nn.kernels import Tape
from carousel.nn.kernels.tape import Values


class Calls(Protocol):
    """One layer in one direction over its calls: what `tape["rnn.l0"]` gives."""

    name: str
    calls: list[Tape]

    @property
    def names(self) -> tuple[str, ...]:
        """The gates and states that were kept."""

    def __getitem__(self, name: str, /) -> Tensor:
        """[T, B, H], of all calls."""

    def single(self, call: int | None = None) -> Tape:
        """The tape of one call."""


class Places(Protocol):
    """A recorded model: what `carousel.record` gives."""

    def track(self, name: str | None = None) -> Calls:
        """All calls of one site."""

    def single(self, name: str | None = None, call: int | None = None) -> Tape:
        """The tape of one call of one site."""


Recorded = Tape | Calls | Places


def one_tape(source: Recorded, name: str | None = None, call: int | None = None) -> Tape:
    """The tape of one call of one site; name and call may be left out where there is only one.

    Raises BadCall for what is no tape, and for a name or call that the source does not choose by.
    """
    if isinstance(source, Tape) and call is not None:
        raise BadCall("this is the tape of one call already", got=f"call={call}", fix="leave call out")
    if isinstance(source, Values) and name is not None:
        raise BadCall("this tape holds one layer alone", got=f"name={name!r}", fix="leave name out")
    if isinstance(source, Tape):
        return source
    if not hasattr(source, "single"):
        raise BadCall("flow works on a recorded tape", allowed="what carousel.record gives, one place of it, or a Tape",
                      got=type(source).__name__)  # fmt: skip
    return source.single(call=call) if name is None else source.single(name, call=call)  # type: ignore[arg-type, misc]

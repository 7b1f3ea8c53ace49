"""What was recorded of one layer in one direction, over all its calls."""

from __future__ import annotations

import torch
from torch import Tensor

from carousel.common.errors import BadCall, NotRecorded
from carousel.nn.kernels import Tape
from carousel.nn.kernels.tape import Values


class Track(Values):
    """One layer in one direction, or one *Cell module, over all its calls: `track.f`, `track.grad.c`, each [T, B, H].

    Called several times, its values stand one after the other in time, in the order of the calls; `calls` has each
    alone. kernels: which ran at each call, and why the others did not. what: the module in words. NaN marks padded
    steps.
    """

    def __init__(self, name: str, what: str):
        self.name, self.what = name, what
        self.calls: list[Tape] = []
        self.kernels: list[str] = []

    def add(self, call: Tape, kernel: str) -> None:
        """Another call of the module."""
        self.calls.append(call)
        self.kernels.append(kernel)

    @property
    def names(self) -> tuple[str, ...]:  # type: ignore[override]
        """The gates and states that were kept."""
        return self.calls[0].names if self.calls else ()

    @property
    def starts(self) -> list[int]:
        """Where in time, among the steps kept, each call begins."""
        lengths = [len(range(0, call.run.length, call.run.every)) for call in self.calls]
        return [sum(lengths[:k]) for k in range(len(lengths))]

    def __getitem__(self, name: str) -> Tensor:
        return self._joined([call[name] for call in self._called(name)])

    def gradient(self, name: str) -> Tensor:
        """[T, B, H]: total derivative of the loss with respect to `name` at every step; call `backward()` first."""
        return self._joined([call.gradient(name) for call in self._called(name)])

    def single(self, call: int | None = None) -> Tape:
        """One call's tape; `call` may be left out where there was only one."""
        if not self.calls:
            raise NotRecorded(f"{self.name} did not run inside record()")
        count = len(self.calls)
        if (call is None and count > 1) or not 0 <= (call or 0) < count:
            raise BadCall(f"{self.name} was called {count} times", allowed=f"call=0 .. {count - 1}", got=call)
        return self.calls[call or 0]

    def __repr__(self) -> str:
        return f"Track({self.name}: {', '.join(self.names) or 'did not run'})"

    def _called(self, name: str) -> list[Tape]:
        if not self.calls:
            raise NotRecorded(f"{self.name} did not run inside record(), so there is no {name!r}")
        return self.calls

    def _joined(self, parts: list[Tensor]) -> Tensor:
        if len(parts) == 1:
            return parts[0]
        if len({part.shape[1:] for part in parts}) > 1:
            raise BadCall(
                f"{self.name} was called {len(parts)} times on batches of unequal size, which have no common time",
                fix=f"take one call: tape[{self.name!r}].calls[0]",
            )
        return torch.cat(parts)

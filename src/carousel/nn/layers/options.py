"""What a call of a layer asks for beyond its outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from carousel.nn.kernels import Request

Edits = Mapping[str, Callable[[int, str, Tensor], Tensor]]
_PLAIN = Request()


@dataclass(frozen=True)
class Extra:
    """keep: what to record, everywhere or by place ("l0", "l0_reverse", ...). edit: what to change, by place.
    packed: the input as it came, if it came packed."""

    keep: Request | Mapping[str, Request] | None = None
    edit: Edits = field(default_factory=dict)
    packed: PackedSequence | None = None

    def request(self, site: str) -> Request:
        """What to keep of one layer in one direction."""
        return self.keep if isinstance(self.keep, Request) else (self.keep or {}).get(site, _PLAIN)

"""What a user writes to name a contender: `cell[:init][,layers=N]`, such as `rnn:orthogonal` or
`lstm:chrono,layers=2`."""

from __future__ import annotations

from dataclasses import dataclass

from carousel.common.errors import BadPlan, UnknownName
from carousel.common.names import FAMILY_OF_CELL, TRANSFORMER
from carousel.experiments.contenders.positions import POSITIONS
from carousel.nn.cells import CELLS
from carousel.nn.initialisation import initialisation

#: What `carousel contenders` lists: every family under each initialisation of CLAIMS, and the variants.
SUGGESTED = (
    "rnn",
    "rnn:orthogonal",
    "rnn:identity",
    "rnn:keras",
    "rnn-relu",
    "rnn-relu:identity",
    "rnn-relu:orthogonal",
    "lstm",
    "lstm:forget-bias-1",
    "lstm:keras",
    "lstm:chrono",
    "lstm:orthogonal",
    "lstm-1997",
    "lstm-1997:closed-input-3",
    "lstm-coupled",
    "lstm-coupled:chrono",
    "gru",
    "gru:chrono",
    "gru:orthogonal",
    "gru:keras",
    "transformer",
    "transformer:learned",
)


@dataclass(frozen=True)
class ContenderSpec:
    """A contender before it is sized. `init` names the initialisation, of a Transformer the positions."""

    cell: str
    init: str = "default"
    layers: int = 1

    @property
    def family(self) -> str:
        """RNN, LSTM, GRU or TRANSFORMER."""
        return FAMILY_OF_CELL[self.cell]

    def __str__(self) -> str:
        init = "" if self.init == "default" else f":{self.init}"
        layers = "" if self.layers == 1 else f",layers={self.layers}"
        return f"{self.cell}{init}{layers}"


def parse_contenders(text: str) -> list[ContenderSpec]:
    """Parse a comma-separated list; a part with `=` is an option of the contender before it. Refuses duplicates."""
    specs: list[ContenderSpec] = []
    for group in _grouped(text):
        spec = _parse_one(group)
        if spec in specs:
            raise BadPlan(f"contender {str(spec)!r} is named twice", fix="name each once")
        specs.append(spec)
    return specs


def _grouped(text: str) -> list[list[str]]:
    groups: list[list[str]] = []
    for part in (p.strip() for p in text.split(",")):
        if "=" in part and groups:
            groups[-1].append(part)
        elif part:
            groups.append([part])
    if not groups:
        raise BadPlan("no contender given", allowed="cell[:init][,layers=N], comma-separated", got=repr(text))
    return groups


def _parse_one(parts: list[str]) -> ContenderSpec:
    cell, _, init = parts[0].partition(":")
    init = init or "default"
    if cell not in FAMILY_OF_CELL:
        raise UnknownName("contender", parts[0], SUGGESTED, fix="see `carousel contenders`")
    if cell != TRANSFORMER:
        _check_init(cell, init)
    elif init not in POSITIONS:
        raise UnknownName("positions of a Transformer", init, POSITIONS)
    return ContenderSpec(cell, init, _layers(parts[1:]))


def _check_init(cell: str, init: str) -> None:
    rule, _number = initialisation(init)
    if CELLS[cell] not in rule.fits:
        fits = ", ".join(c.name for c in rule.fits)
        raise BadPlan(f"initialisation {init!r} is not defined for {cell!r}", allowed=fits)


def _layers(options: list[str]) -> int:
    layers = 1
    for option in options:
        name, _, value = option.partition("=")
        if name != "layers":
            raise UnknownName("contender option", name, ["layers"])
        if not value.isdecimal() or len(value) > 18 or not 1 <= int(value) <= 16:
            raise BadPlan("layers must be a whole number", allowed="1 to 16", got=value)
        layers = int(value)
    return layers

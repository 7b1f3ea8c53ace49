"""Example files that Carousel makes itself, from formulas and a seed. `EXAMPLES` is the list."""

from __future__ import annotations

from carousel.common.errors import UnknownName
from carousel.experiments.examples.base import Example
from carousel.experiments.examples.gestures import Gestures
from carousel.experiments.examples.load import Load
from carousel.experiments.examples.machines import Machines
from carousel.experiments.examples.pump import Pump
from carousel.experiments.examples.rivers import Rivers

EXAMPLES: dict[str, Example] = {made.name: made for made in (Gestures(), Load(), Machines(), Pump(), Rivers())}


def example(name: str) -> Example:
    """The example of that name. Raises UnknownName."""
    if name not in EXAMPLES:
        raise UnknownName("example", name, EXAMPLES, fix="see `carousel example`")
    return EXAMPLES[name]


__all__ = ["EXAMPLES", "Example", "example"]

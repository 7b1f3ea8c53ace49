"""Plans as `carousel compare` makes them: with what all claims require."""

from __future__ import annotations

from carousel.experiments.claims import requirements
from carousel.experiments.runner.planning import Planned
from carousel.experiments.runner.planning import make_plan as planned
from carousel.experiments.runner.request import ComparisonRequest

__all__ = ["ComparisonRequest", "make_plan"]


def make_plan(request: ComparisonRequest) -> Planned:
    """The plan of a request."""
    return planned(request, requirements())

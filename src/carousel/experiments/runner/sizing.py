"""Contenders of equal size: how large each is on a source, and with how many parameters all can be equal."""

from __future__ import annotations

from carousel.common.errors import BadPlan
from carousel.experiments.contenders.matching import count_parameters, match_sizes
from carousel.experiments.contenders.spec import ContenderSpec
from carousel.experiments.tasks import Task
from carousel.experiments.training.description import Contender

_STEP_UP, _STEPS_UP = 1.02, 70  # to four times the parameters asked for


def sized(specs: list[ContenderSpec], source: Task, parameters: int) -> tuple[Contender, ...]:
    """One size for all lengths of a source, from the task at its longest. Raises BadPlan."""
    sizes = match_sizes(specs, source.inputs, source.outputs, parameters, source.length)
    return tuple(
        Contender(
            spec=str(spec),
            cell=spec.cell,
            init=spec.init,
            layers=spec.layers,
            parameters=count_parameters(spec, source.inputs, size, source.outputs),
            **size._asdict(),
        )
        for spec, size in zip(specs, sizes, strict=True)
    )


def equal_from(specs: list[ContenderSpec], source: Task, parameters: int) -> int:
    """The parameters asked for; with several layers, whose sizes come in coarse steps, the next number from there on
    at which all can be equal."""
    if all(spec.layers == 1 for spec in specs):
        return parameters
    tried = [round(parameters * _STEP_UP**k) for k in range(_STEPS_UP)]
    return next((n for n in tried if _fits(specs, source, n)), parameters)


def _fits(specs: list[ContenderSpec], source: Task, parameters: int) -> bool:
    try:
        match_sizes(specs, source.inputs, source.outputs, parameters, source.length)
    except BadPlan:
        return False
    return True

"""Whether each sample moves one answer and no more, be it its own or another's."""

from __future__ import annotations

from collections.abc import Iterator

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.facts.layout import Layout, candidates, reach
from carousel.introspect.diagnosis.facts.model_probe import NoProbe, model_probe
from carousel.introspect.diagnosis.observe.perturbation import Probe

_TRIED = 16  # samples


@fact
def permuted_answers(context: Context) -> Layout | None:
    """The axes along which samples and answers are one to one but not in the same order; None where there are none.
    Raises Refused."""
    probe = model_probe(context)
    if isinstance(probe, NoProbe):
        return None
    return next((layout for layout in _candidates(context, probe) if _is_one_to_one(probe, layout)), None)


def _candidates(context: Context, probe: Probe) -> Iterator[Layout]:
    return candidates(probe, context.trace.steps, context.trace.batch_size)


def _is_one_to_one(probe: Probe, layout: Layout) -> bool:
    moved, reached = False, set[int]()
    size = layout.x_shape[layout.given]
    for index in range(min(size, _TRIED)):
        found = (reach(probe, layout, index) > 0).nonzero().flatten().tolist()
        if len(found) > 1 or reached & set(found):
            return False
        reached |= set(found)
        moved |= found not in ([], [index])
    return moved and bool(reached)

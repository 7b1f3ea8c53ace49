"""Whether one can measure what the model's output depends on, by its own call repeated with other inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from carousel.introspect.diagnosis.context import Context, fact
from carousel.introspect.diagnosis.observe.perturbation import Probe, Refused


@dataclass(frozen=True)
class NoProbe:
    """Why it cannot. reason: a key of the texts under doctor.not_assessed; values: of its placeholders."""

    reason: str
    values: Mapping[str, str] = field(default_factory=dict)


@fact
def model_probe(context: Context) -> Probe | NoProbe:
    """Repeats the model's own call with its largest input changed."""
    trace = context.trace
    if trace.model_calls != 1:
        count = trace.model_calls
        return NoProbe("called_often", {"count": str(count)}) if count > 1 else NoProbe("not_called")
    if not trace.answers:
        return NoProbe("no_axes")
    answer = next((k for k, tensor in enumerate(trace.answers) if tensor is trace.answer), 0)
    probe = Probe(context.model, trace.inputs, trace.keywords, context.generator, answer)
    if not probe.given:
        return NoProbe("no_input")
    try:
        return probe if probe.base is not None else NoProbe("not_repeatable")
    except Refused as error:
        return NoProbe("refused", {"why": str(error)})

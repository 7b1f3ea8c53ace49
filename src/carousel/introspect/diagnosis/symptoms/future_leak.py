"""An answer depends on inputs that come after it."""

from __future__ import annotations

from typing import NamedTuple, final

from torch import nn

from carousel.introspect.diagnosis.code_names import code_name
from carousel.introspect.diagnosis.context import Patient
from carousel.introspect.diagnosis.facts.autoregressive_targets import Shifted, shifted
from carousel.introspect.diagnosis.facts.layout import layouts
from carousel.introspect.diagnosis.finding import Finding, Symptom, Unseen
from carousel.introspect.diagnosis.observe.perturbation import Probe, Refused


class Leak(NamedTuple):
    """The answers at steps before `step` that move when the input at `step` is changed: the earliest, and how many."""

    step: int
    earliest: int
    answers: int


@final
class FutureLeak(Symptom):
    """Measured: the input at one step is changed, at four steps in turn, and the answers before it that move are
    counted; without a leak none does, exactly. Looked for where the model is asked for its own later input, seen from
    targets that equal the input some steps on, or where `causal=True` is told; elsewhere a bidirectional network is
    right to look ahead. Critical: the loss falls while nothing is learnt that could be used.
    """

    id = "future-leak"

    def examine(self, patient: Patient) -> list[Finding] | Unseen:
        if patient.known.causal is False or (patient.probe is not None and patient.steps < 2):
            return []
        asked = shifted(patient)
        if asked is None and not patient.known.causal:
            return []
        if patient.no_probe is not None:
            return self.unseen(patient.no_probe[0], **patient.no_probe[1])
        assert patient.probe is not None
        probe = patient.probe if asked is None else patient.probe.of(asked.x)
        try:
            leak = leak_of(patient, probe)
        except Refused as error:
            return self.unseen("refused", why=str(error))
        return [] if leak is None else [self._finding(patient, leak, asked)]

    def _finding(self, patient: Patient, leak: Leak, asked: Shifted | None) -> Finding:
        values = {
            "step": str(leak.step), "earliest": str(leak.earliest), "answers": str(leak.answers),
            "ahead": str(asked.ahead if asked else 0),
        }  # fmt: skip
        form = "told" if asked is None else "evidence" if asked.sure else "left_out"
        name, fix = _fix(patient.model)
        return Finding(self.id, "critical", "medium" if form == "left_out" else "high", fix, values, name, form)


def leak_of(patient: Patient, probe: Probe) -> Leak | None:
    """The farthest look ahead among some steps; None where there is none, or no axis of answers for every step."""
    x = probe.x
    assert x is not None
    if probe.base is None:
        return None
    for layout in layouts(probe):
        axes = layout.time_axes(x, patient.steps)
        if axes is None:
            continue
        found = []
        for step in probe.chosen(x.shape[axes[0]]):
            moved = probe.depends(axes[0], step).reshape(layout.shape).movedim(axes[1], 0).flatten(1).any(1)
            early = moved[:step].nonzero().flatten()
            if len(early):
                found.append(Leak(step, int(early[0]), len(early)))
        return max(found, key=lambda leak: leak.step - leak.earliest, default=None)
    return None


def _fix(model: nn.Module) -> tuple[str, str]:
    """(the place to blame, the line)."""
    modules = [(name, m) for name, m in model.named_modules()]
    for name, m in modules:
        if isinstance(m, nn.RNNBase) and m.bidirectional:
            kind, layers = type(m).__name__, f", num_layers={m.num_layers}" if m.num_layers > 1 else ""
            made = f"nn.{kind}({m.input_size}, {m.hidden_size}{layers}, batch_first={m.batch_first})"
            return name, f"{code_name(name)} = {made}  # one direction; what follows takes {m.hidden_size} features"
    for name, m in modules:
        if isinstance(m, nn.Conv1d) and m.kernel_size[0] > 1 and m.padding not in ((0,), "valid"):
            width = (m.kernel_size[0] - 1) * m.dilation[0]
            return name, f"{code_name(name)}.padding = (0,); x = nn.functional.pad(x, ({width}, 0))  # before it"
    return "", "scores = scores.masked_fill(torch.ones(T, T, dtype=torch.bool).triu(1), float('-inf'))"


__all__ = ["FutureLeak", "Leak", "leak_of"]

"""One sample's answer depends on another's input: the axes of batch and time are mistaken for each other."""

from __future__ import annotations

import math
from typing import final

from torch import nn
from torch.nn.utils.rnn import PackedSequence

from carousel.introspect.diagnosis.code_names import code_name, number
from carousel.introspect.diagnosis.context import Patient
from carousel.introspect.diagnosis.facts.batch_leakage import Mixing, mixing_of, other_axis
from carousel.introspect.diagnosis.facts.batch_permutation import reordered
from carousel.introspect.diagnosis.facts.layout import Layout
from carousel.introspect.diagnosis.facts.statefulness import first_calls, handed_on
from carousel.introspect.diagnosis.finding import Finding, Severity, Symptom, Unseen
from carousel.introspect.diagnosis.observe.perturbation import Refused
from carousel.introspect.diagnosis.observe.trace import Visit

STRONG = 1e-3  # of the change of the sample's own answer; a shared normalisation reaches less, a recurrence more


@final
class BatchMixing(Symptom):
    """Measured: one sample of the input is changed, and the answers that move are counted. In a sound model there is a
    pair of axes, one of the input and one of the output, along which each sample moves its own answer alone, exactly:
    any other answer that moves, by any amount, is mixing. T == B is no obstacle, since the relation must be one to one.
    Critical above a thousandth of the change of the sample's own answer; else a warning (a statistic over the batch).

    A tagger that runs along the batch mixes nothing: it looks like one of time-first data. There the axis is wrong if a
    tensor [B] of the batch, its lengths or labels, contradicts it (critical), or if neighbours along it are strangers
    and along the other are alike, by 99 shufflings each (warning). Where the model cannot be asked alone (it returns
    its loss, or loss_fn calls its parts), mixing is found if the loss depends on the order of the samples along either
    axis.
    """

    id = "batch-mixing"

    def examine(self, patient: Patient) -> list[Finding] | Unseen:
        if all(_is_alone(visit) for visit in patient.seen.visits):
            return self.unseen("one_sequence")
        if not math.isfinite(patient.seen.loss):
            return self.unseen("loss_not_finite")  # no number differs from itself but NaN does
        if patient.no_probe is not None:
            return self._by_order(patient, patient.no_probe[0], patient.no_probe[1])
        if _statistics(patient.model):
            return self.unseen("batch_statistics")
        assert patient.probe is not None and patient.probe.x is not None
        if 1 in patient.probe.x.shape[:2]:
            return self.unseen("one_sequence")
        try:
            if patient.layouts:
                return self._contradicted(patient, patient.layouts)
            found = mixing_of(patient)
        except Refused as error:
            return self.unseen("refused", why=str(error))
        return self._by_order(patient, "no_sample_axis", {}) if found is None else [self._finding(found)]

    def _by_order(self, patient: Patient, reason: str, why: dict[str, str]) -> list[Finding] | Unseen:
        """The model cannot be asked, the loss can."""
        if reason not in ("no_axes", "not_called", "called_often", "no_sample_axis") or _statistics(patient.model):
            return self.unseen(reason, **why)
        try:
            passes = patient.repeats.passes
            if any(handed_on(passes[0].visits, v) for v in first_calls(passes[1].visits)):
                return self.unseen(reason, **why)
            found = reordered(patient)
        except Refused:
            return self.unseen(reason, **why)
        if found is None:
            return []
        values = {"first": f"{found.first:.4g}", "second": f"{found.second:.4g}"}
        visit = patient.modules[0][0]
        fix = f"{code_name(visit.name)}.batch_first = {not getattr(visit.module, 'batch_first', True)}"
        return [Finding(self.id, "critical", "medium", fix, values, visit.name, "order")]

    def _finding(self, found: Mixing) -> Finding:
        values = {
            "sample": str(found.sample), "changed": str(found.changed), "others": str(found.others),
            "share": number(100 * found.strength), "module": code_name(found.site) if found.site else "model",
        }  # fmt: skip
        severity: Severity = "critical" if found.strength >= STRONG else "warning"
        return Finding(self.id, severity, "high", found.fix, values, found.site, found.form)

    def _contradicted(self, patient: Patient, sound: list[Layout]) -> list[Finding]:
        found = other_axis(patient, sound)
        if found is None:
            return []
        visit, form = found
        steps, samples = patient.sizes(patient.modules[0])
        fix = f"{code_name(visit.name)}.batch_first = {not visit.module.batch_first}"
        values = {"samples": str(steps), "steps": str(samples), "module": code_name(visit.name)}
        sure = form == "along"
        return [Finding(self.id, "critical" if sure else "warning", "medium", fix, values, visit.name, form)]


def _is_alone(visit: Visit) -> bool:
    """Whether a call has one sequence, with or without an axis for it."""
    x = visit.x
    if isinstance(x, PackedSequence):
        return int(x.batch_sizes[0]) == 1
    if visit.is_cell:
        return x.dim() == 1 or len(x) == 1
    return x.dim() == 2 or x.shape[0 if visit.module.batch_first else 1] == 1


def _statistics(model: nn.Module) -> bool:
    """Whether a batch norm uses the batch's own statistics in evaluation too: then samples depend on each other."""
    return any(isinstance(m, nn.modules.batchnorm._BatchNorm) and m.running_mean is None for m in model.modules())

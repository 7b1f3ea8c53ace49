"""One sample's answer depends on another's input: the axes of batch and time are mistaken for each other."""

from __future__ import annotations

import math
from typing import final

from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from carousel.introspect.diagnosis.code_names import code_name, number
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.batch_leakage import (
    BatchLeakage,
    batch_leakage,
    other_axis,
    rows_of_windows,
)
from carousel.introspect.diagnosis.facts.batch_permutation import batch_permutation
from carousel.introspect.diagnosis.facts.layout import layouts, layouts_of
from carousel.introspect.diagnosis.facts.lengths import are_lengths_given
from carousel.introspect.diagnosis.facts.model_probe import NoProbe, model_probe
from carousel.introspect.diagnosis.facts.own_lines import with_option
from carousel.introspect.diagnosis.facts.permuted_answers import permuted_answers
from carousel.introspect.diagnosis.facts.statefulness import first_calls, handed_on, statefulness
from carousel.introspect.diagnosis.finding import Finding, NotAssessed, Severity
from carousel.introspect.diagnosis.observe.perturbation import Probe, Refused
from carousel.introspect.diagnosis.observe.trace import ModuleCall, sizes
from carousel.introspect.diagnosis.symptoms.base import Symptom

_PICTURES = 4  # axes of [B, channels, rows, columns], where the second counts no samples
STRONG = 1e-3  # of the change of the sample's own answer; a shared normalisation reaches less, a recurrence more


@final
class BatchMixing(Symptom):
    """Measured: one sample of the input is changed, and the answers that move are counted. In a sound model there is a
    pair of axes, one of the input and one of the output, along which each sample moves its own answer alone, exactly:
    any other answer that moves, by any amount, is mixing. T == B is no obstacle, since the relation must be one to one.
    Critical above a thousandth of the change of the sample's own answer; else a warning (a statistic over the batch).

    A tagger that runs along the batch mixes nothing: it looks like one of time-first data. There the axis is wrong if a
    tensor [B] of the batch, its lengths or labels, contradicts it or padding ends the sequences along the other axis
    (critical), or if neighbours along it are independent
    and along the other similar, by 99 shufflings each (warning). By the same, the
    rows of a lone sequence may be windows that were given in place of a batch (warning). Where the model cannot be
    asked alone (it returns its loss, or loss_fn calls its parts), mixing is found if the loss depends on the order of
    the samples along either axis.
    """

    id = "batch-mixing"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        if all(_is_alone(call) for call in context.trace.module_calls):
            return self._windows(context)
        if not math.isfinite(context.trace.loss):
            return self.not_assessed("loss_not_finite")  # no number differs from itself but NaN does
        probe = model_probe(context)
        if isinstance(probe, NoProbe):
            return self._by_order(context, probe)
        if _statistics(context.model):
            return self.not_assessed("batch_statistics")
        if probe.x.shape[0] == 1 or (probe.x.shape[1] == 1 and probe.x.dim() < _PICTURES):
            return self.not_assessed("one_sequence")
        try:
            if layouts(context):
                return self._others(context, probe) or self._contradicted(context, probe)
            if are_lengths_given(context) and permuted_answers(context) is not None:
                return []  # each sample moves one answer: `lengths-order` has it
            found = batch_leakage(context, probe)
        except Refused as error:
            return self.not_assessed("refused", why=str(error))
        return self._by_order(context, NoProbe("no_sample_axis")) if found is None else [self._finding(found)]

    def _windows(self, context: Context) -> list[Finding] | NotAssessed:
        """The batch came as one sequence."""
        call = rows_of_windows(context)
        if call is None:
            return self.not_assessed("one_sequence")
        steps, _, channels = call.input_TBI.shape
        values = {"samples": str(steps), "steps": str(channels), "module": code_name(call.name)}
        first = getattr(call.module, "batch_first", False)
        fix = f"output, _ = {code_name(call.name)}(x.unsqueeze(-1){'' if first else '.transpose(0, 1)'})"
        fix += f"  # {'[B, T, 1]' if first else '[T, B, 1]'}: make it with input_size=1"
        return [Finding(self.id, "warning", "medium", fix, values, call.name, "windows")]

    def _others(self, context: Context, main: Probe) -> list[Finding]:
        """In the other tensors of the answer that the loss reads."""
        for index, answer in enumerate(context.trace.answers):
            if answer is context.trace.answer or not answer.requires_grad or answer.grad is None:
                continue
            probe = main.answering(index)
            if probe.base is None or layouts_of(probe, context):
                continue
            found = batch_leakage(context, probe, layouts(context)[0].given)
            if found is not None:
                return [self._finding(found)]
        return []

    def _by_order(self, context: Context, why: NoProbe) -> list[Finding] | NotAssessed:
        """The model cannot be asked, the loss can."""
        unknown = self.not_assessed(why.reason, **why.values)
        if why.reason not in ("no_axes", "not_called", "called_often", "no_sample_axis") or _statistics(context.model):
            return unknown
        try:
            passes = statefulness(context).passes
            if any(handed_on(passes[0].module_calls, v) for v in first_calls(passes[1].module_calls)):
                return unknown
            found = batch_permutation(context)
        except Refused:
            return unknown
        if found is None:
            return []
        values = {"first": f"{found.first:.4g}", "second": f"{found.second:.4g}"}
        call = context.trace.modules[0][0]
        return [Finding(self.id, "critical", "medium", _turned(context, call), values, call.name, "order")]

    def _finding(self, found: BatchLeakage) -> Finding:
        values = {
            "sample": str(found.sample), "changed": str(found.changed), "others": str(found.others),
            "share": number(100 * found.strength), "module": code_name(found.site) if found.site else "model",
        }  # fmt: skip
        severity: Severity = "critical" if found.strength >= STRONG else "warning"
        return Finding(self.id, severity, "high", found.fix, values, found.site, found.form)

    def _contradicted(self, context: Context, probe: Probe) -> list[Finding]:
        found = other_axis(context, probe, layouts(context))
        if found is None:
            return []
        call, form = found
        steps, samples = sizes(context.trace.modules[0])
        values = {"samples": str(steps), "steps": str(samples), "module": code_name(call.name)}
        sure = form != "independent"
        return [
            Finding(
                self.id, "critical" if sure else "warning", "medium", _turned(context, call), values, call.name, form
            )
        ]


def _turned(context: Context, call: ModuleCall) -> str:
    """The flag of a module that has one, else its input turned."""
    if isinstance(call.module, nn.RNNBase):
        plain = f"{code_name(call.name)}.batch_first = {not call.batch_first}"
        return with_option(context.model, call.name, "batch_first", not call.batch_first, plain)
    return f"x = x.transpose(0, 1)  # of the input of {code_name(call.name)}"


def _is_alone(call: ModuleCall) -> bool:
    """Whether a call has one sequence, with or without an axis for it."""
    if isinstance(call.x, PackedSequence):
        return int(call.x.batch_sizes[0]) == 1
    x: Tensor = call.x
    if call.is_cell:
        return x.dim() == 1 or len(x) == 1
    return x.dim() == 2 or x.shape[0 if call.batch_first else 1] == 1


def _statistics(model: nn.Module) -> bool:
    """Whether a batch norm uses the batch's own statistics in evaluation too: then samples depend on each other."""
    return any(isinstance(m, nn.modules.batchnorm._BatchNorm) and m.running_mean is None for m in model.modules())

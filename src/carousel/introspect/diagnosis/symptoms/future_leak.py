"""An answer depends on inputs that come after it."""

from __future__ import annotations

from typing import NamedTuple, final

from torch import nn

from carousel.introspect.diagnosis.code_names import code_name
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.autoregressive_targets import AutoregressiveTargets, autoregressive_targets
from carousel.introspect.diagnosis.facts.layout import layouts_of
from carousel.introspect.diagnosis.facts.model_probe import NoProbe, model_probe
from carousel.introspect.diagnosis.facts.own_lines import with_option
from carousel.introspect.diagnosis.facts.own_target import OwnTarget, own_target
from carousel.introspect.diagnosis.facts.own_value import OwnValue, own_value
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.observe.perturbation import Probe, Refused
from carousel.introspect.diagnosis.symptoms.base import Symptom


class Leak(NamedTuple):
    """The answers at steps before `step` that move when the input at `step` is changed: the earliest, and how many."""

    step: int
    earliest: int
    answers: int


@final
class FutureLeak(Symptom):
    """Measured: the input at one step is changed, at four steps in turn, and the answers before it that move are
    counted; without a leak none does, exactly. Looked for where the model is asked for its own later input, seen from
    targets that equal the input some steps on, or where `causal=True` is given; elsewhere a bidirectional network is
    right to look ahead. Also where the targets are tokens of an input, and the answer to each changes with that token
    and with none behind it: inputs and targets were not shifted against each other. Where they are numbers of a channel
    of the input, the last of the window or that of each step, it is a warning. Critical: the loss falls while
    nothing is learnt that could be used.
    """

    id = "future-leak"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        probe = model_probe(context)
        if (own := own_target(context)) is not None:
            return [self._copied(own)]
        if (value := own_value(context)) is not None:
            return [self._value(value)]
        if context.known.causal is False or (not isinstance(probe, NoProbe) and context.trace.steps < 2):
            return []
        targets = autoregressive_targets(context)
        if targets is None and not context.known.causal:
            return []
        if isinstance(probe, NoProbe):
            return self.not_assessed(probe.reason, **probe.values)
        try:
            leak = leak_of(context, probe if targets is None else probe.of(targets.x))
        except Refused as error:
            return self.not_assessed("refused", why=str(error))
        return [] if leak is None else [self._finding(context, leak, targets)]

    def _copied(self, own: OwnTarget) -> Finding:
        values = {"step": str(own.step), "answer": str(own.answer)}
        fix = "inputs, targets = tokens[:, :-1], tokens[:, 1:]  # [B, T]: each step is asked for the next token"
        return Finding(self.id, "critical", "high", fix, values, form="copied")

    def _value(self, own: OwnValue) -> Finding:
        fix = "inputs, targets = series[:, :-1], series[:, 1:, :1]  # each step is asked for the next one's value"
        if own.form == "last":
            fix = "x, y = series[i : i + steps], series[i + steps]  # the value behind the window, not its last"
        return Finding(self.id, "warning", "medium", fix, {"channel": str(own.channel)}, form=f"value_{own.form}")

    def _finding(self, context: Context, leak: Leak, targets: AutoregressiveTargets | None) -> Finding:
        values = {
            "step": str(leak.step), "earliest": str(leak.earliest), "answers": str(leak.answers),
            "ahead": str(targets.ahead if targets else 0),
        }  # fmt: skip
        form = "declared" if targets is None else "evidence" if targets.sure else "left_out"
        name, fix = _fix(context.model)
        return Finding(self.id, "critical", "medium" if form == "left_out" else "high", fix, values, name, form)


def leak_of(context: Context, probe: Probe) -> Leak | None:
    """The farthest look ahead among some steps; None where there is none, or no axis of answers for every step."""
    if probe.base is None:
        return None
    for layout in layouts_of(probe, context):
        axes = layout.time_axes(context.trace.steps)
        if axes is None:
            continue
        found = []
        for step in probe.chosen(layout.x_shape[axes[0]]):
            moved = (
                probe.depends(axes[0], step, layout.x_shape).reshape(layout.shape).movedim(axes[1], 0).flatten(1).any(1)
            )
            early = moved[:step].nonzero().flatten()
            if len(early):
                found.append(Leak(step, int(early[0]), len(early)))
        return max(found, key=lambda leak: leak.step - leak.earliest, default=None)
    return None


def _fix(model: nn.Module) -> tuple[str, str]:
    """(the site to blame, the line)."""
    modules = [(name, m) for name, m in model.named_modules()]
    for name, m in modules:
        if isinstance(m, nn.RNNBase) and m.bidirectional:
            kind, layers = type(m).__name__, f", num_layers={m.num_layers}" if m.num_layers > 1 else ""
            made = f"nn.{kind}({m.input_size}, {m.hidden_size}{layers}, batch_first={m.batch_first})"
            plain = f"{code_name(name)} = {made}  # one direction; what follows takes {m.hidden_size} features"
            return name, with_option(model, name, "bidirectional", False, plain)
    for name, m in modules:
        if isinstance(m, nn.Conv1d) and m.kernel_size[0] > 1 and m.padding not in ((0,), "valid"):
            width = (m.kernel_size[0] - 1) * m.dilation[0]
            return name, f"{code_name(name)}.padding = (0,); x = nn.functional.pad(x, ({width}, 0))  # before it"
    return "", "scores = scores.masked_fill(torch.ones(T, T, dtype=torch.bool).triu(1), float('-inf'))"

"""The answer is read where a sequence has already ended."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from carousel.common.shapes import valid_steps
from carousel.introspect.diagnosis.code_names import code_name, percent
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.lengths import Lengths, lengths_of
from carousel.introspect.diagnosis.facts.more_padding import ADDED, moved_by_padding
from carousel.introspect.diagnosis.facts.output_usage import output_has_time, output_usage
from carousel.introspect.diagnosis.facts.own_lines import indexed, lengths_name, read_at
from carousel.introspect.diagnosis.finding import Confidence, Finding, NotAssessed, Severity
from carousel.introspect.diagnosis.observe.trace import ModuleCall, sizes
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.introspect.diagnosis.user_lines import changed, imports_torch

MANY = 0.25  # of the sequences; of fewer, the wrong ones are noise in what is otherwise learnt


@final
class PaddedRead(Symptom):
    """Measured: the steps at which the loss's derivative reaches the output of a recurrent module directly, against the
    true lengths. Found where a sequence that is shorter than the batch's longest is read at padding, or, behind a
    packed module, not read at all (`output[:, -1]` holds zeros there); one such sequence is enough, since the read is
    exact. Where that shows nothing, three more padded steps are put behind every sequence: an answer that changes reads
    padding, in a mean, a maximum or attention, also behind pad_packed_sequence. Critical where a quarter of the
    sequences are concerned and their lengths are given; lengths that were only inferred from padding make it a
    warning. An answer for every step is judged by padding-in-loss.
    """

    id = "padded-read"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        found, known = [], False
        for calls in context.trace.modules:
            for group in [calls] if calls[0].is_cell else [[call] for call in calls]:
                lengths = lengths_of(context, group)
                known |= lengths is not None
                if lengths is not None:
                    found += self._of(context, group, lengths)
        return found[:1] if known else self.not_assessed("no_lengths")

    def _of(self, context: Context, group: list[ModuleCall], lengths: Lengths) -> list[Finding]:
        call = group[0]
        usage = _cell_usage(group) if call.is_cell else _layer_usage(context, call)
        valid = valid_steps(lengths.values, len(usage))
        short = lengths.values < len(usage)
        each_step = bool((usage.sum(0) > 1).any())
        last = call.module is context.trace.top[0].module
        if each_step and (not last or output_has_time(context)):
            return self._more(context, call, lengths)
        wrong = usage & ~valid
        unread = short & ~usage.any(0)
        if call.own_lengths is not None and bool(unread.any()) and bool(usage[:, ~short].any(0).all()):
            return [self._finding(context, call, lengths, unread, "zeros", 0.0)]
        if not bool(wrong.any()):
            return self._more(context, call, lengths)
        form = "pool" if each_step and not call.is_cell else "evidence"
        return [self._finding(context, call, lengths, wrong.any(0), form, float(wrong.sum() / usage.sum()))]

    def _more(self, context: Context, call: ModuleCall, lengths: Lengths) -> list[Finding]:
        """What more padding changes; a backward direction that is not packed takes it in anyway, wherever it is
        read."""
        if call.own_lengths is None and getattr(call.module, "bidirectional", False):
            return []
        found = (
            moved_by_padding(context, call, lengths) if int(lengths.values.min()) < int(lengths.values.max()) else None
        )
        if found is None or len(found.concerned) != len(lengths.values):
            return []
        return [self._finding(context, call, lengths, found.concerned, "more", found.share)]

    def _finding(
        self, context: Context, call: ModuleCall, lengths: Lengths, concerned: Tensor, form: str, share: float
    ) -> Finding:
        steps, count = sizes([v for v in context.trace.module_calls if v.module is call.module])
        gap = steps - int(lengths.values[concerned].median())
        many = float(concerned.double().mean()) >= MANY
        severity: Severity = "critical" if many and lengths.source != "padding" else "warning"
        sure: Confidence = "medium" if lengths.source == "padding" else "high"
        values = {
            "concerned": str(int(concerned.sum())), "batch": str(count), "steps": str(steps), "gap": str(gap),
            "share": percent(share), "module": code_name(call.name), "added": str(ADDED),
        }  # fmt: skip
        fix = _at_ends(context, call, _fix(call, form)) if form in ("evidence", "zeros") else _fix(call, form)
        return Finding(self.id, severity, sure, fix, values, call.name, form)


def _layer_usage(context: Context, call: ModuleCall) -> Tensor:
    usage = output_usage(call)
    assert usage is not None
    return usage.either


def _cell_usage(group: list[ModuleCall]) -> Tensor:
    """[T, B]: where the loss depends on a *Cell's h. Later steps count too, but behind the last read there are none."""
    rows = []
    for call in group:
        h = call.final[0]
        grad = h.grad if h.requires_grad else None
        rows.append(torch.zeros(h.reshape(-1, h.shape[-1]).shape[0], dtype=torch.bool) if grad is None else
                    (grad.detach().cpu().reshape(-1, h.shape[-1]) != 0).any(-1))  # fmt: skip
    return torch.stack(rows)


def _at_ends(context: Context, call: ModuleCall, otherwise: str) -> str:
    """The line that reads the last step, reading each sequence's own end, by the name that the lengths have there."""
    lengths, both = lengths_name(context), getattr(call.module, "bidirectional", False)
    read = (
        read_at(context, call, 1 if call.batch_first else 0, -1) if lengths and not both and not call.is_cell else None
    )
    if read is None or read.place is None or read.place.function != "forward" or not imports_torch(read.place):
        return otherwise
    at = "{0}[torch.arange(len({0})), {1} - 1]" if call.batch_first else "{0}[{1} - 1, torch.arange({0}.shape[1])]"

    def change(expression: str) -> str | None:
        name = indexed(expression)
        return None if name is None else at.format(name, lengths)

    return changed(read.place, change, otherwise)


def _fix(call: ModuleCall, form: str) -> str:
    module, name = call.module, code_name(call.name)
    if call.is_cell:
        return "h = torch.where((t < lengths).unsqueeze(1), new_h, h)  # keep the state behind a sequence's end"
    first = call.batch_first
    if form == "more":
        mask = "torch.arange(output.shape[1]) < lengths.unsqueeze(1)" if first else (
            "torch.arange(output.shape[0]).unsqueeze(1) < lengths")  # fmt: skip
        return f"mask = {mask}; scores = scores.masked_fill(~mask, float('-inf'))  # before softmax or max"
    if form == "pool":
        mask = "(torch.arange({0}) < lengths.unsqueeze(1)).unsqueeze(-1)" if first else (
            "(torch.arange({0}).unsqueeze(1) < lengths).unsqueeze(-1)")  # fmt: skip
        axis = 1 if first else 0
        mask = mask.format(f"output.shape[{axis}]")
        return f"mask = {mask}; pooled = (output * mask).sum({axis}) / lengths.unsqueeze(1)"
    if isinstance(module, nn.RNNBase) and (module.bidirectional or form == "zeros"):
        state = "(h_n, _)" if isinstance(module, nn.LSTM) else "h_n"
        last = "torch.cat([h_n[-2], h_n[-1]], dim=1)" if module.bidirectional else "h_n[-1]"
        packed = f"nn.utils.rnn.pack_padded_sequence(x, lengths.cpu(), batch_first={first}, enforce_sorted=False)"
        return f"_, {state} = {name}({packed}); last = {last}"
    at = "torch.arange(len(output)), lengths - 1" if first else "lengths - 1, torch.arange(output.shape[1])"
    return f"last = output[{at}]  # output of {name}"

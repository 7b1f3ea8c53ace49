"""The lengths do not belong to their sequences."""

from __future__ import annotations

from typing import final

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.facts.answers_by_order import answers_by_order
from carousel.introspect.diagnosis.facts.layout import layouts
from carousel.introspect.diagnosis.facts.lengths import are_lengths_given, mismatched_lengths
from carousel.introspect.diagnosis.facts.permuted_answers import permuted_answers
from carousel.introspect.diagnosis.facts.randomness import randomness
from carousel.introspect.diagnosis.facts.sample_order import sample_order
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.observe.perturbation import Refused
from carousel.introspect.diagnosis.symptoms.base import Symptom


@final
class LengthsOrder(Symptom):
    """Measured: the lengths of the batch against where its padding begins; the answers after the samples, lengths and
    all, were put into another order; and the loss after the same. Found where the lengths are those of the sequences in
    another order ("data"); where answers do not go along though no sample moves more than one answer ("answers": sorted
    by length and not put back, or only one of the two sorted); where the loss does not, and the sequences were packed
    in an order of their own ("loss"). Critical: a sequence is read at another's end, or answered by another's answer.
    """

    id = "lengths-order"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        wrong = mismatched_lengths(context)
        if wrong:
            values = {"concerned": str(wrong), "count": str(context.trace.batch_size)}
            return [Finding(self.id, "critical", "high", _CHECK, values, form="data")]
        if not are_lengths_given(context):
            return self.not_assessed("no_lengths")
        try:
            if randomness(context) is not None:
                return self.not_assessed("not_repeatable")  # random numbers do not go along with their samples
            strayed = answers_by_order(context)
            if strayed is None:
                return self._loss(context)
            if not layouts(context) and permuted_answers(context) is None:
                return []
        except Refused as error:  # a module that only takes them sorted refuses any other order; the loss sorts them
            return self._loss(context) or self.not_assessed("refused", why=str(error))
        values = {"concerned": str(strayed.concerned), "count": str(strayed.number)}
        return [Finding(self.id, "critical", "high", _PACK, values, form="answers")]

    def _loss(self, context: Context) -> list[Finding]:
        call = next((c for c in context.trace.module_calls if c.own_lengths is not None), None)
        moved = None if call is None or call.own_lengths is None else sample_order(context)
        if moved is None or call is None or call.own_lengths is None:
            return []
        own = call.own_lengths
        if not bool((own[:-1] >= own[1:]).all()):
            return []
        values = {"first": f"{moved.first:.4g}", "second": f"{moved.second:.4g}"}
        return [Finding(self.id, "critical", "medium", _SORT, values, form="loss")]


_CHECK = "lengths = (x != 0).flatten(2).any(2).sum(1)  # x [B, T, I], padded with 0: of each sequence its own"
_PACK = (
    "packed = nn.utils.rnn.pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)  # no sort()"
)
_SORT = "lengths, order = lengths.sort(descending=True); x, targets = x[order], targets[order]  # all by the same order"

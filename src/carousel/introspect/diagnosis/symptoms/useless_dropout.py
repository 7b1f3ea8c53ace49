"""Dropout that does nothing."""

from __future__ import annotations

from typing import final

from torch import nn

from carousel.introspect.diagnosis.code_names import code_name, number
from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.symptoms.base import Symptom


@final
class UselessDropout(Symptom):
    """Looked at, not measured: torch's dropout= acts between the layers of a stack, so on a single layer it
    does nothing at all. Found at every such module of the model, in whichever mode it is."""

    id = "useless-dropout"

    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        return [
            self._finding(name, module)
            for name, module in context.model.named_modules()
            if isinstance(module, nn.RNNBase) and module.num_layers == 1 and module.dropout > 0
        ]

    def _finding(self, name: str, module: nn.RNNBase) -> Finding:
        p, code = number(module.dropout), code_name(name)
        fix = f"{code}.dropout, drop = 0.0, torch.nn.Dropout({p})  # and in forward, behind {code}: y = drop(y)"
        return Finding(self.id, "warning", "high", fix, {"p": p}, name)

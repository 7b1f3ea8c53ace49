"""Diagnoses of real runs with simulated findings: for what is shown, whatever the symptoms say."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn

from carousel.introspect.diagnosis import SYMPTOMS, Diagnosis, Finding, diagnose
from carousel.introspect.diagnosis.finding import Confidence, NotAssessed, Severity

TEXTS = {
    "en": {
        "title": "The loss reads padding",
        "evidence": "Of {count} sequences {short} end before the last step.",
        "cause": "output[:, -1] is <the last> column.",
        "advice": "Read each sequence at its own end.",
        "limits": "Lengths come from the batch.",
    },
    "zh": {
        "title": "损失读取了填充",
        "evidence": "共 {count} 个序列，其中 {short} 个在最后一步之前结束。",
        "cause": "output[:, -1] 是 <最后> 一列。",
        "advice": "在每个序列自己的末尾读取。",
        "limits": "长度取自这一批数据。",
    },
}
HOSTILE = "<script>alert(1)</script>"


class Net(nn.Module):
    """A recurrent module read at its last step."""

    def __init__(self, rnn: nn.Module, width: int):
        super().__init__()
        self.rnn, self.out = rnn, nn.Linear(width, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.rnn(x)[0][:, -1])


def made(
    build: Callable[[], nn.Module], *, steps: int = 12, batch: int = 5, width: int = 8, name: str = "Net"
) -> Diagnosis:
    """A real examination of a network over `build()`, of 4 channels, whose findings are left out."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = type(name, (Net,), {})(build(), width)
        x, y = torch.randn(batch, steps, 4), torch.randint(3, (batch,))
    return of(model, (x, y))


def of(model: nn.Module, data: Any) -> Diagnosis:
    """The same for a model and a batch. No symptom is looked for, whatever `looked_for` says."""
    with patch.object(sys.modules[diagnose.__module__], "SYMPTOMS", ()):
        found = diagnose(model, data, lambda model, data: nn.functional.cross_entropy(model(data[0]), data[1]))
    return replace(found, looked_for=len(SYMPTOMS))


def finding(
    severity: Severity = "warning", confidence: Confidence = "high", site: str = "", figure: Any = None, fix: str = ""
) -> Finding:
    """Of the simulated symptom, whose texts are TEXTS."""
    values = {"count": "16", "short": "11"}
    return Finding("simulated", severity, confidence, fix or f"model.fix('{HOSTILE}')", values, site, figure=figure)


def not_assessed() -> NotAssessed:
    """Another symptom, not looked at."""
    return NotAssessed("reverse-read", "one_step")

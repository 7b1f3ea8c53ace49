"""What an examination yields: findings with their evidence, symptoms that were not assessed, and both together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from carousel.common.texts import catalogue, text
from carousel.introspect.record import ModelTape

Severity = Literal["info", "warning", "critical"]
Confidence = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, with its evidence.

    symptom: its id. values: the numbers of the evidence, formatted, by the placeholders of its text. fix: a line of
    code, or lines of the user's own file as a diff. site: the layer it was found at, or "" for the model. form: which
    of the symptom's evidence texts applies; cause and advice may have their own for it. figure: language -> an altair
    chart, or None. follows: findings that go away with this one.
    """

    symptom: str
    severity: Severity
    confidence: Confidence
    fix: str
    values: Mapping[str, str] = field(default_factory=dict)
    site: str = ""
    form: str = "evidence"
    figure: Callable[[str], Any] | None = field(default=None, compare=False)
    follows: tuple[Finding, ...] = ()

    def text(self, part: str, lang: str) -> str:
        """title, evidence, cause, advice or limits (what the measurement does not cover), in a language."""
        of, own = f"doctor.{self.symptom.replace('-', '_')}", f"{self.form}_{part}"
        key = self.form if part == "evidence" else own if f"{of}.{own}" in catalogue(lang) else part
        return text(f"{of}.{key}", lang, **self.values)

    @property
    def title(self) -> str:
        """In English, as the next two."""
        return self.text("title", "en")

    @property
    def evidence(self) -> str:
        """What was measured."""
        return self.text("evidence", "en")

    @property
    def cause(self) -> str:
        """Why it happens."""
        return self.text("cause", "en")


@dataclass(frozen=True)
class NotAssessed:
    """A symptom that could not be looked for. reason: a key of the texts under doctor.not_assessed."""

    symptom: str
    reason: str
    values: Mapping[str, str] = field(default_factory=dict)

    def text(self, lang: str) -> str:
        """The reason in a language."""
        return text(f"doctor.not_assessed.{self.reason}", lang, **self.values)


class ModelFacts(TypedDict):
    """The numbers of the model and the batch, formatted, for the heading."""

    model: str
    parameters: str
    steps: str
    batch: str
    loss: str


@dataclass(frozen=True)
class Examination:
    """What an examination found, as data. findings: worst first. not_assessed: symptoms that could not be looked for,
    and why. tape: of the recorded pass."""

    findings: tuple[Finding, ...]
    not_assessed: tuple[NotAssessed, ...]
    looked_for: int
    tape: ModelTape
    facts: ModelFacts

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

"""The contract of a symptom: one thing that can be wrong with a recurrent model, and how it is told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from carousel.common.texts import text
from carousel.introspect.diagnosis.context import Patient

Severity = Literal["info", "warning", "critical"]
Confidence = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, with its evidence.

    symptom: its id. values: the numbers of the evidence, formatted, by the placeholders of its text. fix: a line of
    code. place: the layer it was seen at, or "" for the model. form: which of the symptom's evidence texts applies.
    figure: language -> an altair chart, or None.
    """

    symptom: str
    severity: Severity
    confidence: Confidence
    fix: str
    values: Mapping[str, str] = field(default_factory=dict)
    site: str = ""
    form: str = "evidence"
    figure: Callable[[str], Any] | None = field(default=None, compare=False)

    def says(self, part: str, lang: str) -> str:
        """title, evidence, cause, advice or limits (what the finding could not see), in a language."""
        key = self.form if part == "evidence" else part
        return text(f"doctor.{self.symptom.replace('-', '_')}.{key}", lang, **self.values)

    @property
    def title(self) -> str:
        """In English, as the next two."""
        return self.says("title", "en")

    @property
    def evidence(self) -> str:
        """What was measured."""
        return self.says("evidence", "en")

    @property
    def cause(self) -> str:
        """Why it happens."""
        return self.says("cause", "en")


@dataclass(frozen=True)
class Unseen:
    """A symptom that could not be looked for. reason: a key of the texts under doctor.unseen."""

    symptom: str
    reason: str
    values: Mapping[str, str] = field(default_factory=dict)

    def says(self, lang: str) -> str:
        """The reason in a language."""
        return text(f"doctor.unseen.{self.reason}", lang, **self.values)


class Symptom(ABC):
    """One thing that can be wrong. The class docstring states what is measured, the threshold and why it lies there.

    Texts: doctor.ID.title, .evidence (placeholders filled from the finding), .cause, .advice, .limits.
    """

    id: ClassVar[str]

    @abstractmethod
    def examine(self, patient: Patient) -> list[Finding] | Unseen:
        """What is found, worst first; an empty list where the model is sound; Unseen where it cannot be told."""

    def unseen(self, reason: str, **values: str) -> Unseen:
        """This symptom cannot be looked for."""
        return Unseen(self.id, reason, values)

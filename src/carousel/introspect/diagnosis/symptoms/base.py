"""The contract of a symptom: one thing that can be wrong with a recurrent model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from carousel.introspect.diagnosis.context import Context
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.observe.perturbation import Refused


class Symptom(ABC):
    """One thing that can be wrong. The class docstring states what is measured, the threshold and why it lies there.

    Texts: doctor.ID.title, .evidence (placeholders filled from the finding), .cause, .advice, .limits.
    """

    id: ClassVar[str]

    def look(self, context: Context) -> list[Finding] | NotAssessed:
        """What `examine` says; NotAssessed where it asks for a run that the user's own code refuses."""
        try:
            return self.examine(context)
        except Refused as error:
            return self.not_assessed("not_repeated", why=str(error))

    @abstractmethod
    def examine(self, context: Context) -> list[Finding] | NotAssessed:
        """What is found, worst first; an empty list where the model is sound; NotAssessed where it cannot be said. May
        raise Refused, as the facts do."""

    def not_assessed(self, reason: str, **values: str) -> NotAssessed:
        """This symptom cannot be looked for. reason: a key of the texts under doctor.not_assessed."""
        return NotAssessed(self.id, reason, values)

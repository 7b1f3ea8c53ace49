"""What is wrong with a recurrent model: `diagnose(model, batch, loss_fn)` finds it, explains it and says the fix."""

from __future__ import annotations

from carousel.introspect.diagnosis.diagnose import diagnose
from carousel.introspect.diagnosis.diagnosis import Diagnosis
from carousel.introspect.diagnosis.finding import Finding, NotAssessed
from carousel.introspect.diagnosis.symptoms import SYMPTOMS
from carousel.introspect.diagnosis.symptoms.base import Symptom

__all__ = ["SYMPTOMS", "Diagnosis", "Finding", "NotAssessed", "Symptom", "diagnose"]

"""What is wrong with a recurrent model: `diagnose(model, batch, loss_fn)` finds it, explains it and says the fix."""

from __future__ import annotations

from carousel.introspect.diagnosis.diagnose import diagnose
from carousel.introspect.diagnosis.diagnosis import Diagnosis
from carousel.introspect.diagnosis.finding import Finding, Symptom, Unseen
from carousel.introspect.diagnosis.symptoms import SYMPTOMS

__all__ = ["SYMPTOMS", "Diagnosis", "Finding", "Symptom", "Unseen", "diagnose"]

"""What is wrong with a recurrent model: `diagnose(model, batch, loss_fn)` finds it, explains it and says the cure."""

from __future__ import annotations

from carousel.doctor.base import Finding, Symptom, Unseen
from carousel.doctor.diagnosis import Diagnosis
from carousel.doctor.examination import diagnose
from carousel.doctor.symptoms import SYMPTOMS

__all__ = ["SYMPTOMS", "Diagnosis", "Finding", "Symptom", "Unseen", "diagnose"]

"""The true steps of a batch, one row each."""

from __future__ import annotations

from torch import Tensor

from carousel.doctor.patient import Patient
from carousel.shapes import valid_steps


def valid_rows(patient: Patient, x_TBI: Tensor) -> Tensor:
    """[N, I]: the rows of all true steps; all steps where no lengths are known."""
    known = patient.lengths
    if known is None or len(known.values) != x_TBI.shape[1] or int(known.values.max()) > len(x_TBI):
        return x_TBI.flatten(0, 1)
    return x_TBI[valid_steps(known.values.to(x_TBI.device), len(x_TBI))]

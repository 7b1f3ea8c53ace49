"""Everything the doctor looks for, one symptom a file."""

from __future__ import annotations

from carousel.doctor.base import Symptom
from carousel.doctor.symptoms.batch_mixing import BatchMixing
from carousel.doctor.symptoms.dead_units import DeadUnits
from carousel.doctor.symptoms.denormals import Denormals
from carousel.doctor.symptoms.exploding import Exploding
from carousel.doctor.symptoms.forget_bias import ForgetBias
from carousel.doctor.symptoms.future_leak import FutureLeak
from carousel.doctor.symptoms.padded_read import PaddedRead
from carousel.doctor.symptoms.padding_in_loss import PaddingInLoss
from carousel.doctor.symptoms.recurrence_unused import RecurrenceUnused
from carousel.doctor.symptoms.reverse_read import ReverseRead
from carousel.doctor.symptoms.saturated_gates import SaturatedGates
from carousel.doctor.symptoms.short_truncation import ShortTruncation
from carousel.doctor.symptoms.state_carried_over import StateCarriedOver
from carousel.doctor.symptoms.state_not_detached import StateNotDetached
from carousel.doctor.symptoms.unscaled_input import UnscaledInput
from carousel.doctor.symptoms.unstable_learning_rate import UnstableLearningRate
from carousel.doctor.symptoms.useless_dropout import UselessDropout
from carousel.doctor.symptoms.vanishing import Vanishing

#: In the order they are looked for.
SYMPTOMS: tuple[Symptom, ...] = (
    BatchMixing(),
    PaddedRead(),
    PaddingInLoss(),
    ReverseRead(),
    FutureLeak(),
    RecurrenceUnused(),
    StateNotDetached(),
    StateCarriedOver(),
    ShortTruncation(),
    Exploding(),
    Vanishing(),
    ForgetBias(),
    SaturatedGates(),
    DeadUnits(),
    UnscaledInput(),
    UnstableLearningRate(),
    Denormals(),
    UselessDropout(),
)

"""Everything a diagnosis looks for, one symptom a file."""

from __future__ import annotations

from carousel.introspect.diagnosis.symptoms.answer_out_of_reach import AnswerOutOfReach
from carousel.introspect.diagnosis.symptoms.base import Symptom
from carousel.introspect.diagnosis.symptoms.batch_mixing import BatchMixing
from carousel.introspect.diagnosis.symptoms.class_imbalance import ClassImbalance
from carousel.introspect.diagnosis.symptoms.constant_answer import ConstantAnswer
from carousel.introspect.diagnosis.symptoms.dead_units import DeadUnits
from carousel.introspect.diagnosis.symptoms.denormals import Denormals
from carousel.introspect.diagnosis.symptoms.exploding import Exploding
from carousel.introspect.diagnosis.symptoms.forget_bias import ForgetBias
from carousel.introspect.diagnosis.symptoms.future_leak import FutureLeak
from carousel.introspect.diagnosis.symptoms.lengths_order import LengthsOrder
from carousel.introspect.diagnosis.symptoms.loss_wiring import LossWiring
from carousel.introspect.diagnosis.symptoms.no_better_than_last import NoBetterThanLast
from carousel.introspect.diagnosis.symptoms.non_finite import NonFinite
from carousel.introspect.diagnosis.symptoms.nondeterministic import Nondeterministic
from carousel.introspect.diagnosis.symptoms.padded_read import PaddedRead
from carousel.introspect.diagnosis.symptoms.padding_in_loss import PaddingInLoss
from carousel.introspect.diagnosis.symptoms.recurrence_unused import RecurrenceUnused
from carousel.introspect.diagnosis.symptoms.reverse_read import ReverseRead
from carousel.introspect.diagnosis.symptoms.saturated_gates import SaturatedGates
from carousel.introspect.diagnosis.symptoms.short_truncation import ShortTruncation
from carousel.introspect.diagnosis.symptoms.state_carried_over import StateCarriedOver
from carousel.introspect.diagnosis.symptoms.state_not_detached import StateNotDetached
from carousel.introspect.diagnosis.symptoms.state_wiring import StateWiring
from carousel.introspect.diagnosis.symptoms.train_step import TrainStep
from carousel.introspect.diagnosis.symptoms.unscaled_input import UnscaledInput
from carousel.introspect.diagnosis.symptoms.unstable_learning_rate import UnstableLearningRate
from carousel.introspect.diagnosis.symptoms.untrained_parameters import UntrainedParameters
from carousel.introspect.diagnosis.symptoms.useless_dropout import UselessDropout
from carousel.introspect.diagnosis.symptoms.vanishing import Vanishing

#: In the order they are looked for.
SYMPTOMS: tuple[Symptom, ...] = (
    NonFinite(),
    LossWiring(),
    AnswerOutOfReach(),
    ConstantAnswer(),
    UntrainedParameters(),
    LengthsOrder(),
    BatchMixing(),
    StateWiring(),
    Nondeterministic(),
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
    TrainStep(),
    ClassImbalance(),
    NoBetterThanLast(),
)

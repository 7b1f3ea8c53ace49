"""Every column of the numbers of a run, declared once: its name, type, meaning, unit, and what null means.

Training and probes fill these records, the ledger stores them, `results.load` reads them into one frame a table
(`tables`), and docs/columns.md is written from them (a test compares). Plain Python: no torch, no frames. "not
measured" is null, never NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

Outcome = Literal["solved", "stalled", "finished", "diverged", "pruned"]
Moment = Literal["initialisation", "early", "end"]  # early: after 10 % of the steps
_PRUNED = "pruned: in tuning, its learning rate could no longer be chosen"
_NO_EXPONENT = "not measured; minus infinity; or a state outgrew float32"

GATES = ("i", "f", "o")  # input, forget, output gate of an LSTM; no claim speaks of a GRU's
SELECTIVITY, SELECTIVITY_CLAMPED = "selectivity", "selectivity_clamped"
MEMORISED_BITS = "memorised_bits"
TRAINING_SCORES = ("training_score", "training_score_last")  # of the weights that are tested, and of the last ones
LONGER = ("score_2t", "score_4t")  # scores at lengths that were not trained on


def clamp_drop(gate: str) -> str:
    """The column of the accuracy lost when a gate (or "all" of them) is clamped."""
    return f"clamp_drop_{gate}"


def auroc(gate: str) -> str:
    """The column of a gate's AUROC."""
    return f"auroc_{gate}"


GATE_PROBE = (
    *(clamp_drop(gate) for gate in GATES),
    *(auroc(gate) for gate in GATES),
    "selectivity_key_bits",
    "selectivity_noise_bits",
    SELECTIVITY,
    SELECTIVITY_CLAMPED,
)


class About(NamedTuple):
    """What a column means; `null`: what a null says (none where there is none)."""

    meaning: str
    unit: str = ""
    null: str = ""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What was run: the source, the length, the contender."""

    condition: Annotated[str, About('source and length, "adding/T=100"')]
    source: Annotated[
        str, About('built-in task ("adding-500": with a training set of 500 sequences), or name of the user\'s file')
    ]
    length: Annotated[int, About("T of a task; of a file the history seen, 0: whole sequences", "steps")]
    contender: Annotated[str, About('as the user gave it, "lstm:chrono"')]
    family: Annotated[str, About('"RNN", "LSTM", "GRU" or "TRANSFORMER"')]
    cell: Annotated[str, About("equation of the recurrence")]
    init: Annotated[str, About("initialisation")]
    layers: Annotated[int, About("number of layers")]
    hidden: Annotated[int, About("hidden units a layer; of a Transformer the width between its blocks")]
    parameters: Annotated[int, About("number of parameters, of torch's two biases one")]
    learning_rate: Annotated[float | None, About("of Adam", null="not trained")]


@dataclass(frozen=True, kw_only=True)
class Job:
    """Where a number comes from."""

    job: Annotated[str, About("digest of the job; its table is flow/JOB.parquet")]


@dataclass(frozen=True, kw_only=True)
class TrialName:
    """Where a number comes from."""

    trial: Annotated[str, About("digest of the trial; its curves are trials/TRIAL.parquet")]


@dataclass(frozen=True, kw_only=True)
class Phase(TrialName):
    """Which training."""

    phase: Annotated[
        Literal["tuning", "reporting"], About("learning rates are chosen in the one, reported is the other")
    ]


@dataclass(frozen=True, kw_only=True)
class Seeded(Setting):
    """What was run, from which seed."""

    seed: Annotated[int, About("of weights and of the training sequences")]


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What every trial measures."""

    outcome: Annotated[
        Outcome,
        About("how it ended: solved, stalled, diverged, pruned; finished: at the last step, not solved"),
    ]
    solved: Annotated[bool | None, About("the test score reaches the threshold", null="pruned, or the source has none")]
    score: Annotated[float | None, About("test score", null=_PRUNED)]
    validation_score: Annotated[float | None, About("best of the checks", null="diverged before the first")]
    training_score: Annotated[float | None, About("score on training sequences; of a fixed set, on all", null=_PRUNED)]
    baseline_score: Annotated[float, About("score of what learns nothing from a sequence")]
    training_loss: Annotated[float | None, About("mean of the last 50 steps", null="no finite loss among them")]
    test_loss: Annotated[float | None, About("loss on the test part", null=_PRUNED)]
    chance_loss: Annotated[float, About("loss of knowing the base rate only")]
    rmse: Annotated[
        float | None, About("root mean squared test error", "that of the target", "pruned, or no values predicted")
    ]
    steps: Annotated[int, About("training steps made", "steps")]
    steps_to_solved: Annotated[int | None, About("first check of the run that solved it", "steps", "never")]
    best_step: Annotated[int, About("of the best check, whose weights are tested", "steps")]
    seconds: Annotated[float, About("CPU time: an equal share of the training with others, and measuring", "s")]
    gradient_norm_max: Annotated[float | None, About("largest finite norm before clipping", null="none is finite")]
    spike_share: Annotated[float, About("share of steps with a norm above 100 x the running median")]
    nan_share: Annotated[float, About("share of steps whose norm or loss is not finite")]
    spike_steps: Annotated[str, About('steps of either kind, in order: "12 340 341"')]
    kernel: Annotated[str, About("what ran the recurrences")]
    state_bits: Annotated[int, About("what the next step is given: state, or a Transformer's keys and values", "bits")]
    flow_refused: Annotated[str | None, About("why no gradient flow can be measured of it", null="it can be")]


@dataclass(frozen=True, kw_only=True)
class Exponent:
    """The largest Lyapunov exponent of a trained network: of reporting trials only."""

    lyapunov_end: Annotated[float | None, About("largest Lyapunov exponent at the end: mean over streams of held-out "
                                                "sequences joined", "nats/step", _NO_EXPONENT)] = None  # fmt: skip
    lyapunov_end_se: Annotated[float | None, About("its standard error over streams", "nats/step",
                                                   "no exponent, or of fewer than 3 streams")] = None  # fmt: skip
    lyapunov_end_streams: Annotated[int | None, About("how many streams", null="no exponent")] = None
    lyapunov_end_steps: Annotated[int | None, About("of a stream that count; before them half as many do not", "steps",
                                                    "no exponent")] = None  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Probed:
    """What probes of a trained network measure, where they apply: of reporting trials only."""

    clamp_drop_i: Annotated[float | None, About("accuracy lost when gate i is clamped to its own mean")] = None
    clamp_drop_f: Annotated[float | None, About("accuracy lost when gate f is clamped to its own mean")] = None
    clamp_drop_o: Annotated[float | None, About("accuracy lost when gate o is clamped to its own mean")] = None
    clamp_drop_all: Annotated[float | None, About("accuracy lost when i, f and o are clamped together")] = None
    clamp_drop_informed: Annotated[
        float | None, About("the same with a mean for each pair of symbol and key so far; no claim's")
    ] = None
    auroc_i: Annotated[float | None, About("area under the ROC curve by which the mean of i tells key steps")] = None
    auroc_f: Annotated[float | None, About("the same for minus the mean of f")] = None
    auroc_o: Annotated[float | None, About("the same for the mean of o")] = None
    selectivity_key_bits: Annotated[float | None, About("read from the final state about the key", "bits")] = None
    selectivity_noise_bits: Annotated[float | None, About("read about the last noise symbol", "bits")] = None
    selectivity: Annotated[float | None, About("(key bits - noise bits) / log2 K, K symbols")] = None
    selectivity_clamped: Annotated[
        float | None, About("the same of the network with i, f and o clamped to their means, read anew")
    ] = None
    auroc_ig: Annotated[float | None, About("AUROC of the norm of i * g, what is written into c; no claim's")] = None
    auroc_saliency: Annotated[
        float | None, About("AUROC of the norm of the answer's gradient by input; no claim's")
    ] = None
    distractor_kl: Annotated[float | None, About("change of the answer by other distractors (KL)", "nats")] = None
    distractor_drop: Annotated[float | None, About("accuracy lost with other distractors")] = None
    key_deletion_drop: Annotated[float | None, About("accuracy lost where a distractor replaces the key")] = None
    weight_mass: Annotated[float | None, About("the key's share of the weights of steps in an LSTM's last c")] = None
    memorised_bits: Annotated[float | None, About("of random labels, memorised per parameter", "bits")] = None
    memorised_bits_whole: Annotated[float | None, About("the same of the whole table", "bits")] = None
    score_2t: Annotated[float | None, About("test score at length 2 T (built-in tasks)")] = None
    score_4t: Annotated[float | None, About("test score at length 4 T (built-in tasks)")] = None
    training_score_last: Annotated[
        float | None, About("of the last weights, on a fixed training set", null="none, or diverged before")
    ] = None


@dataclass(frozen=True, kw_only=True)
class Slope:
    """A lag profile in numbers."""

    seed: Annotated[int, About("of the network")]
    moment: Annotated[Moment, About("before training, after 10 % of the steps, or at the end")]
    slope: Annotated[float | None, About("of ln G, fitted from lag 5 on", "nats/step", "too few lags")]
    horizon: Annotated[int, About("largest lag with G of 1e-3 or more", "steps")]
    horizon_censored: Annotated[bool, About("the sequence ended first")]
    lags: Annotated[int, About("how many lags the profile has")]


@dataclass(frozen=True, kw_only=True)
class ProfilePoint:
    """One lag of a lag profile."""

    seed: Annotated[int, About("of the network")]
    moment: Annotated[Moment, About("before training, after 10 % of the steps, or at the end")]
    lag: Annotated[int, About("k", "steps")]
    log_gain: Annotated[float, About("mean over the batch of ln G(k)", "nats")]
    log_gain_q10: Annotated[float, About("its 10 % quantile over the batch", "nats")]
    log_gain_q90: Annotated[float, About("its 90 % quantile over the batch", "nats")]


@dataclass(frozen=True, kw_only=True)
class OnsetGain:
    """Onset of chaos of one untrained network."""

    family: Annotated[str, About("of the cell")]
    cell: Annotated[str, About("equation of the recurrence")]
    seed: Annotated[int, About("of the network")]
    gain: Annotated[float | None, About("first scale of a Gaussian recurrent matrix with an exponent above 0",
                                        null="below 0 up to the last scale tried")]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Occluded:
    """What one block of lags of a user's file is worth to a network."""

    lag_from: Annotated[int, About("first lag of the block, before the last step", "steps")]
    lag_to: Annotated[int, About("first lag not in it", "steps")]
    sequences: Annotated[int, About("of the test part, with these steps replaced by another sequence's")]
    score_drop: Annotated[float | None, About("test score lost by that", null="not defined")]


@dataclass(frozen=True, kw_only=True)
class RivalName:
    """Which rival, on which split."""

    job: Annotated[str, About("digest of the job")]
    condition: Annotated[str, About("the file, whole sequences")]
    rival: Annotated[str, About('simple method, "seasonal-naive"')]
    seed: Annotated[int, About("of the split, and of what the rival draws")]


@dataclass(frozen=True, kw_only=True)
class RivalMeasures:
    """What is measured of every rival."""

    score: Annotated[float, About("test score")]
    validation_score: Annotated[float | None, About("with the setting that did best there", null="not defined")]
    baseline_score: Annotated[float, About("score of what learns nothing from a sequence")]
    rmse: Annotated[float | None, About("root mean squared test error", "that of the target", "no values predicted")]
    setting: Annotated[str, About('what was chosen on training and validation part, "period=24"; may be empty')]
    fitted_on: Annotated[int, About("training examples that were used")]
    seconds: Annotated[float, About("CPU time, measuring included", "s")]

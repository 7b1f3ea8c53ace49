"""What a user of scikit-learn gives as X, as steps of sequences: all of them concatenated."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_array

from carousel.common.errors import BadCall, BadData
from carousel.experiments.data.arrays import Floats, Ints
from carousel.experiments.data.prepare.asked_rows import NewRows
from carousel.experiments.data.prepare.prepared import Prepared
from carousel.experiments.data.prepare.sequences import SHORTEST
from carousel.experiments.data.prepare.trained_channels import seen


class Steps(NamedTuple):
    """x: [R, C], NaN where missing. lengths: [N]. channels: C names. names: [N] how a message names each."""

    x: Floats
    lengths: Ints
    channels: tuple[str, ...]
    names: list[str]


def numbered(x: Floats, lengths: Ints) -> Steps:
    """Without names of their own."""
    return Steps(x, lengths, tuple(f"x{c}" for c in range(x.shape[1])), [f"X[{n}]" for n in range(len(lengths))])


def read_steps(X: Any) -> Steps:
    """X: a list of [T, C] or [T] arrays of any lengths, an array [N, T, C], or [N, T] of one channel.

    Raises ValueError where it is none of these, or holds text or infinities.
    """
    if isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype.kind == "O" and X.ndim == 1):
        return _joined([_sequence(values, f"X[{n}]") for n, values in enumerate(X)])
    values = check_array(X, dtype=np.float64, ensure_all_finite="allow-nan", allow_nd=True, input_name="X")
    if values.ndim > 3:
        raise BadCall("X is no array of sequences", allowed="[N, T, C], or [N, T] of one channel",
                      got=f"shape {values.shape}", fix="reshape it")  # fmt: skip
    count, steps = values.shape[:2]
    if steps < SHORTEST:
        raise BadCall(f"an array X of {steps} feature(s) holds sequences of {steps} step",
                      allowed=f"{SHORTEST} steps or more", got=f"shape {values.shape}",
                      fix="give [N, T, C], or [N, T] of one channel")  # fmt: skip
    return numbered(values.reshape(count * steps, -1), np.full(count, steps, dtype=np.int64))


def read_series(values: Any, name: str) -> Steps:
    """One series [T] or [T, C], or a list of such."""
    return _joined([_sequence(one, name) for one in (values if is_several(values) else [values])])


def is_several(values: Any) -> bool:
    """Whether it is a list of series, not one."""
    return isinstance(values, list | tuple) and len(values) > 0 and np.ndim(values[0]) > 0


def _joined(found: list[Floats]) -> Steps:
    if not found:
        raise BadCall("X holds no sequences: 0 sample(s)", allowed="one or more", fix="give sequences")
    widths = sorted({values.shape[1] for values in found})
    if len(widths) > 1:
        raise BadCall("the sequences do not have the same channels", allowed=f"{widths[0]} each",
                      got=f"up to {widths[-1]}", fix="give each as [T, C]")  # fmt: skip
    return numbered(np.concatenate(found), np.array([len(values) for values in found]))


def _sequence(values: Any, name: str) -> Floats:
    """[T, C] of [T, C] or [T]."""
    known = {"dtype": np.float64, "ensure_all_finite": "allow-nan", "ensure_2d": False, "allow_nd": True}
    found: Floats = check_array(values, input_name=name, **known)
    if found.ndim not in (1, 2):
        raise BadCall(f"{name} is no sequence", allowed="[T, C], or [T] of one channel", got=f"shape {found.shape}",
                      fix="give each sequence as an array of its own")  # fmt: skip
    return found.reshape(len(found), -1)


def new_rows(steps: Steps, trained: Prepared, estimator: str) -> NewRows:
    """The steps as the network of `trained` wants them: scaled as in training. Raises BadCall."""
    masked = set(trained.card["missing"])
    names = [name for name in trained.card["channels"]["names"] if name not in trained.card["channels"]["masks"]]
    if steps.x.shape[1] != len(names):
        raise BadCall(f"X has {steps.x.shape[1]} features, but {estimator} is expecting {len(names)} features as input",
                      fix="give the channels of training")  # fmt: skip
    missing = np.flatnonzero(np.isnan(steps.x).any(axis=0))
    gaps = [names[c] for c in missing if names[c] not in masked]
    if gaps:
        raise BadCall(f"channel {gaps[0]} misses a value, and never missed one in training",
                      fix="fill it in, or train on sequences with such gaps")  # fmt: skip
    try:
        x = seen(steps.x, trained)
    except BadData as error:
        raise BadCall(error.what, got=error.got, fix="correct it, or give NaN where the value is missing") from error
    return NewRows(x, steps.x, steps.lengths, steps.names, "sequence", None)

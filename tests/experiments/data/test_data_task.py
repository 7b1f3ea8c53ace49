"""`DataTask` against the arrays it was made from, and against plain loops for loss and score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from scipy.io import savemat
from torch import Tensor
from torch.nn.functional import logsigmoid

from carousel.common.errors import BadPlan
from carousel.experiments.data import DataOptions, DataTask, Prepared, prepare
from carousel.experiments.tasks.base import Batch
from tests.experiments.data.data_files import LONG, csv_of, long_frame, series_frame

KINDS = ["classification", "regression", "forecast", "panel", "piano-roll"]


def make(folder: Path, kind: str) -> Prepared:
    """A small prepared file of each kind; "panel": two columns forecast two steps ahead."""
    if kind == "piano-roll":
        return prepare(_rolls(folder), DataOptions())
    if kind == "forecast":
        return prepare(csv_of(folder, series_frame()), DataOptions(forecast=("y",), order="t", window=6, horizon=1))
    if kind == "panel":
        options = DataOptions(forecast=("z", "y"), order="t", window=6, horizon=2)
        return prepare(csv_of(folder, series_frame()), options)
    frame = long_frame(24, classes=3)
    if kind == "regression":
        frame = frame.with_columns(label=pl.col("id") * 1.5 + 100)
    return prepare(csv_of(folder, frame), LONG)


def _rolls(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    rolls = {name: np.empty((1, 4), dtype=object) for name in ("traindata", "validdata", "testdata")}
    for cell in rolls.values():
        for i in range(4):
            cell[0, i] = (rng.random((4 + 3 * i, 88)) < 0.05).astype(np.uint8)
    savemat(folder / "a.mat", rolls)
    return folder / "a.mat"


def output_for(task: DataTask, batch: Batch, seed: int = 0) -> Tensor:
    """Random numbers of the shape that the readout gives."""
    steps = (len(batch.x),) if task.readout == "every" else ()
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*steps, batch.x.shape[1], task.outputs, generator=generator)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("history", [0, 1, 3])
def test_batches_hold_the_stored_steps(tmp_path: Path, kind: str, history: int) -> None:
    prepared = make(tmp_path, kind)
    task = DataTask(prepared, history)
    rows = prepared.rows("test")
    batch = task.held_out("test")
    full = np.minimum(prepared.lengths[rows], history) if history else prepared.lengths[rows]
    lengths = batch.lengths if batch.lengths is not None else torch.full((len(rows),), len(batch.x))
    assert lengths.tolist() == full.tolist() and len(batch.x) == full.max() <= task.length
    assert batch.x.shape[2] == task.inputs
    for b, row in enumerate(rows):
        end = prepared.starts[row] + prepared.lengths[row]
        np.testing.assert_array_equal(batch.x[: full[b], b], prepared.x[end - full[b] : end])
        assert (batch.x[full[b] :, b] == 0).all()
        if kind == "piano-roll":
            np.testing.assert_array_equal(batch.y[: full[b], b], prepared.x[end - full[b] + 1 : end + 1])
        else:
            np.testing.assert_array_equal(batch.y[b], prepared.y[row])


@pytest.mark.parametrize("kind", KINDS)
def test_sampling_is_the_generators_and_training_only(tmp_path: Path, kind: str) -> None:
    prepared = make(tmp_path, kind)
    task = DataTask(prepared)
    one, other = (task.sample(torch.Generator().manual_seed(3), 40) for _ in range(2))
    torch.testing.assert_close(one, other, rtol=0, atol=0)
    third = task.sample(torch.Generator().manual_seed(4), 40)
    assert third.x.shape != one.x.shape or not torch.equal(third.x, one.x)
    firsts = {tuple(prepared.x[prepared.starts[row]].tolist()) for row in prepared.rows("training")}
    assert {tuple(x.tolist()) for x in one.x[0]} <= firsts


@pytest.mark.parametrize("kind", KINDS)
def test_padding_never_counts(tmp_path: Path, kind: str) -> None:
    task = DataTask(make(tmp_path, kind))
    batch = task.held_out("training")
    output = output_for(task, batch)
    poisoned, wild = _poison(batch, output, task.readout)
    wild.requires_grad_()
    assert task.loss(wild, poisoned).item() == task.loss(output, batch).item()
    assert task.score(wild, poisoned) == task.score(output, batch)
    torch.testing.assert_close(task.target_logit(wild, poisoned), task.target_logit(output, batch))
    (grad,) = torch.autograd.grad(task.loss(wild, poisoned), wild)
    assert torch.isfinite(grad).all()


def _poison(batch: Batch, output: Tensor, readout: str) -> tuple[Batch, Tensor]:
    lengths = batch.lengths if batch.lengths is not None else torch.full((batch.x.shape[1],), len(batch.x))
    padded = torch.arange(len(batch.x))[:, None] >= lengths
    x = batch.x.masked_fill(padded[..., None], float("nan"))
    if readout == "last":
        return batch._replace(x=x), output.clone()
    y = batch.y.masked_fill(padded[..., None], float("nan"))
    return batch._replace(x=x, y=y), output.masked_fill(padded[..., None], float("nan"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_learned_nothing_scores_chance(tmp_path: Path, kind: str) -> None:
    task = DataTask(make(tmp_path, kind))
    training, test = task.held_out("training"), task.held_out("test")
    assert task.metric.solved_threshold is None
    assert task.score(_ignorant(task, test, training), test) == pytest.approx(task.metric.chance, abs=1e-5)
    assert task.loss(_ignorant(task, training, training), training).item() == pytest.approx(task.chance_loss, rel=1e-4)


def _ignorant(task: DataTask, batch: Batch, training: Batch) -> Tensor:
    """The output of the base rates of the training part."""
    output = torch.zeros_like(output_for(task, batch))
    if task.metric.name == "accuracy":
        output += torch.log(torch.bincount(training.y) / len(training.y))
    if task.metric.name == "log_likelihood":
        assert training.lengths is not None
        output += torch.logit((training.y.sum(dim=(0, 1)) + 0.5) / (training.lengths.sum() + 1))
    return output


def test_classification_by_hand(tmp_path: Path) -> None:
    task = DataTask(make(tmp_path, "classification"))
    batch = task.held_out("test")
    output = output_for(task, batch)
    rows = range(len(batch.y))
    assert task.score(output, batch) == np.mean([int(output[b].argmax()) == int(batch.y[b]) for b in rows])
    assert task.loss(output, batch).item() == pytest.approx(
        -np.mean([float(torch.log_softmax(output[b], 0)[batch.y[b]]) for b in rows]), rel=1e-5
    )
    assert task.target_logit(output, batch).tolist() == [output[b, batch.y[b]].item() for b in rows]
    assert task.rmse(output, batch) is None


def test_regression_by_hand(tmp_path: Path) -> None:
    prepared = make(tmp_path, "regression")
    task = DataTask(prepared)
    batch = task.held_out("test")
    output = output_for(task, batch)
    actual = prepared.rows("test") * 1.5 + 100  # ids are 0, 1, 2, ... in order
    predicted = output[:, 0].double().numpy() * prepared.y_std + prepared.y_mean
    error = ((actual - predicted) ** 2).sum()
    assert task.score(output, batch) == pytest.approx(1 - error / ((actual - actual.mean()) ** 2).sum(), abs=1e-5)
    assert task.rmse(output, batch) == pytest.approx((error / len(actual)) ** 0.5, rel=1e-5)
    assert task.target_logit(output, batch).tolist() == output[:, 0].tolist()


@pytest.mark.parametrize(("kind", "columns", "horizon"), [("forecast", ["y"], 1), ("panel", ["z", "y"], 2)])
def test_forecast_by_hand(tmp_path: Path, kind: str, columns: list[str], horizon: int) -> None:
    prepared = make(tmp_path, kind)
    task = DataTask(prepared)
    batch = task.held_out("test")
    output = output_for(task, batch)
    values = series_frame().select(columns).to_numpy()
    ends = prepared.starts[prepared.rows("test")] + 5
    scores, errors = [], []
    for k in range(len(columns)):
        change = output.reshape(len(ends), horizon, -1)[..., k].double().numpy() * prepared.y_std[k]
        predicted = values[ends, k][:, None] + change
        actual = np.stack([values[ends + 1 + h, k] for h in range(horizon)], axis=1)
        errors.append(((predicted - actual) ** 2).mean())
        scores.append(1 - errors[-1] / actual.var())
    assert task.score(output, batch) == pytest.approx(np.mean(scores), abs=1e-4)
    rmse = task.rmse(output, batch)
    assert rmse is None if len(columns) > 1 else rmse == pytest.approx(errors[0] ** 0.5, rel=1e-4)
    assert task.outputs == horizon * len(columns)


def test_piano_rolls_by_hand(tmp_path: Path) -> None:
    task = DataTask(make(tmp_path, "piano-roll"))
    batch = task.held_out("test")
    output = output_for(task, batch)
    assert batch.lengths is not None
    total = 0.0
    for b, n in enumerate(batch.lengths.tolist()):
        z, y = output[:n, b], batch.y[:n, b]
        total += float((y * logsigmoid(z) + (1 - y) * logsigmoid(-z)).sum())
        on = y[-1] > 0
        expected = z[-1][on].sum() if on.any() else z[-1].sum()
        assert task.target_logit(output, batch)[b].item() == pytest.approx(expected.item(), abs=1e-4)
    assert task.score(output, batch) == pytest.approx(total / int(batch.lengths.sum()), rel=1e-5)
    assert task.loss(output, batch).item() == pytest.approx(-total / int(batch.lengths.sum()), rel=1e-5)
    assert task.rmse(output, batch) is None


def test_silence_at_the_end_sums_all_keys(tmp_path: Path) -> None:
    task = DataTask(make(tmp_path, "piano-roll"))
    batch = task.held_out("test")
    silent = batch._replace(y=torch.zeros_like(batch.y))
    output = output_for(task, batch)
    assert batch.lengths is not None
    last = output[batch.lengths - 1, torch.arange(len(batch.lengths))]
    torch.testing.assert_close(task.target_logit(output, silent), last.sum(dim=1))


def test_at_most_n_are_spread_over_the_part(tmp_path: Path) -> None:
    task = DataTask(make(tmp_path, "classification"))
    whole, some = task.held_out("training"), task.held_out("training", 5)
    assert some.x.shape[1] == 5
    assert some.y.tolist() == whole.y[torch.arange(5) * len(whole.y) // 5].tolist()
    assert task.held_out("training", 10**6).x.shape[1] == len(whole.y)


def test_double_precision_passes_through(tmp_path: Path) -> None:
    for kind in KINDS:
        task = DataTask(make(tmp_path, kind))
        batch = task.held_out("test")
        output = output_for(task, batch).double()
        assert task.loss(output, batch).dtype == task.target_logit(output, batch).dtype == torch.float64


def test_a_negative_history(tmp_path: Path) -> None:
    with pytest.raises(BadPlan, match="history"):
        DataTask(make(tmp_path, "forecast"), history=-1)

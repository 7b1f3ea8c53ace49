"""The real files: utterances as table and as .ts, two series, chorales."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from carousel.experiments.data import DataOptions, DataTask, card_lines, prepare

Real = Callable[[str], Path]
VOWELS = DataOptions(target="speaker", group="utterance", order="frame")


def test_japanese_vowels_as_a_table(real_data: Real) -> None:
    path = real_data("vowels-table")
    started = time.perf_counter()
    prepared = prepare(path, VOWELS)
    assert time.perf_counter() - started < 1
    card = prepared.card
    assert card["sequences"] == 270 and card["lengths"] == {"min": 7, "median": 15.0, "max": 26}
    assert [c["name"] for c in card["classes"]] == [str(n) for n in range(1, 10)]
    assert all((c["training"], c["validation"], c["test"]) == (18, 6, 6) for c in card["classes"])
    assert card["channels"]["names"] == [f"lpc{n}" for n in range(1, 13)] and card["missing"] == {}
    assert DataTask(prepared).metric.chance == pytest.approx(1 / 9)


def test_japanese_vowels_as_ts_are_the_same_values(real_data: Real) -> None:
    table = prepare(real_data("vowels-table"), VOWELS)
    cases = prepare(real_data("vowels"), DataOptions())
    split = cases.card["split"]
    assert (split["training"] + split["validation"], split["test"]) == (270, 370)
    assert cases.lengths[:270].tolist() == table.lengths.tolist()
    assert cases.y[:270].tolist() == table.y.tolist()
    steps = int(table.lengths.sum())
    values = [p.x[:steps].astype(float) * p.std + p.mean for p in (table, cases)]
    np.testing.assert_allclose(values[0], values[1], atol=2e-6)
    assert set(cases.part[:270]) == {0, 1} and set(cases.part[270:]) == {2}


def test_airline(real_data: Real) -> None:
    prepared = prepare(real_data("airline"), DataOptions(forecast=("Passengers",), order="Date"))
    forecast = prepared.card["forecast"]
    assert forecast["spacing"] == {"unit": "months", "step": 1.0, "regular": True, "odd": 0}
    assert (forecast["window"], forecast["horizon"]) == (28, 3)
    assert prepared.x[0, 0] * prepared.std[0] + prepared.mean[0] == pytest.approx(112)
    assert prepared.x[-1, 0] * prepared.std[0] + prepared.mean[0] == pytest.approx(432)
    task = DataTask(prepared)
    batch = task.held_out("test")
    still = torch.zeros(batch.x.shape[1], task.outputs)
    assert task.score(still, batch) == pytest.approx(task.metric.chance, abs=1e-5)
    assert task.metric.baseline == "persistence"


def test_solar(real_data: Real) -> None:
    prepared = prepare(real_data("solar"), DataOptions(forecast=("solar_gen",), order="datetime_gmt"))
    assert prepared.card["forecast"]["spacing"] == {"unit": "seconds", "step": 1800.0, "regular": True, "odd": 0}
    assert prepared.card["lengths"]["max"] == 289


def test_chorales(chorales: Path) -> None:
    prepared = prepare(chorales, DataOptions())
    split = prepared.card["split"]
    assert (split["training"], split["validation"], split["test"]) == (229, 76, 77)
    assert prepared.card["lengths"] == {"min": 25, "median": 57.0, "max": 160}
    task = DataTask(prepared)
    assert (task.inputs, task.outputs, task.readout) == (88, 88, "every")
    assert -12 < task.metric.chance < -10  # a memoryless model; REFERENCES: recurrent ones reach -8.4 to -8.9
    assert any("229" in line and "76" in line and "77" in line for line in card_lines(prepared.card, "zh"))

"""Occlusion by lag: the blocks, the replacement against a plain loop, and a planted lag that it must find."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from carousel.experiments.contenders.spec import parse_contenders
from carousel.experiments.data import DataOptions, DataTask, prepare
from carousel.experiments.probes.occlusion import lag_blocks, measure_occlusion, replaced
from carousel.experiments.tasks import task
from carousel.experiments.training.description import Contender, FileSource, Trial
from carousel.experiments.training.rules import Training
from carousel.experiments.training.trial import build_contender, run_trial

PLANTED, STEPS = 5, 12
OPTIONS = DataOptions(target="label", group="id", order="t")


def table(folder: Path, sequences: int) -> Path:
    """Noise; the class is the sign of the step at lag `PLANTED`. A third of the sequences is shorter."""
    rng = np.random.default_rng(0)
    rows = []
    for name in range(sequences):
        values = rng.normal(size=STEPS - 3 * (name % 3 == 0))
        label = "up" if values[-1 - PLANTED] > 0 else "down"
        rows += [{"id": name, "t": t, "a": value, "label": label} for t, value in enumerate(values)]
    pl.DataFrame(rows).write_csv(folder / "lag.csv")
    return folder / "lag.csv"


def trial(spec: str, steps: int, phase: str = "reporting", length: int = 0) -> Trial:
    """A small trial on the table."""
    (named,) = parse_contenders(spec)
    contender = Contender(spec=spec, cell=named.cell, init=named.init, layers=1, hidden=24, parameters=1)
    source = FileSource(name="lag", file="lag.csv", sha256="")
    training = Training(steps=steps)
    about = {"source": source, "length": length, "contender": contender, "training": training}
    return Trial(phase=phase, learning_rate=0.01, seed=7, **about)


def test_blocks_cover_every_lag_once_and_double() -> None:
    assert lag_blocks(1) == [(0, 1)]
    assert lag_blocks(13) == [(0, 1), (1, 2), (2, 4), (4, 8), (8, 13)]
    for length in range(1, 70):
        assert [k for a, b in lag_blocks(length) for k in range(a, b)] == list(range(length))


@pytest.mark.parametrize("block", [(0, 1), (1, 3), (2, 7), (4, 5)])
def test_the_replacement_is_that_of_a_plain_loop(block: tuple[int, int]) -> None:
    x = torch.randn(7, 4, 3, generator=torch.Generator().manual_seed(0))
    lengths, others = torch.tensor([7, 5, 7, 4]), torch.tensor([2, 0, 2, 1])
    found = replaced(x, lengths, *block, others)
    for b, (length, other) in enumerate(zip(lengths.tolist(), others.tolist(), strict=True)):
        for t in range(7):
            lag = length - 1 - t
            inside = lag >= 0 and block[0] <= lag < block[1]
            expected = x[lengths[other] - 1 - lag, other] if inside else x[t, b]
            assert torch.equal(found[t, b], expected)


def test_the_planted_lag_is_found_and_no_other(tmp_path: Path) -> None:
    data = DataTask(prepare(table(tmp_path, 1000), OPTIONS))
    result = run_trial(trial("rnn:orthogonal", 300), data)
    drops = {(row.lag_from, row.lag_to): row.score_drop for row in result.occlusion}
    assert list(drops) == lag_blocks(STEPS)
    assert result.record["score"] > 0.9
    assert drops[4, 8] > 0.4
    assert all(abs(drop) < 0.08 for block, drop in drops.items() if block != (4, 8))


def test_the_same_seed_gives_the_same_numbers_and_counts_who_reaches(tmp_path: Path) -> None:
    data = DataTask(prepare(table(tmp_path, 60), OPTIONS))
    network = build_contender(trial("gru", 10).contender, data, 7)
    network.load_state_dict({name: 8 * value for name, value in network.state_dict().items()})  # answers that differ
    one, again = (measure_occlusion(network, data, 3) for _ in range(2))
    assert one == again
    assert measure_occlusion(network, data, 4) != one
    batch = data.held_out("test")
    assert batch.lengths is not None
    assert [row.sequences for row in one] == [int((batch.lengths > row.lag_from).sum()) for row in one]


def test_a_sequence_without_another_as_long_stays(tmp_path: Path) -> None:
    data = DataTask(prepare(table(tmp_path, 60), OPTIONS), history=2)
    rows = measure_occlusion(build_contender(trial("rnn", 10).contender, data, 7), data, 3)
    assert [(row.lag_from, row.lag_to) for row in rows] == [(0, 1), (1, 2)]


def test_only_reporting_trials_on_a_whole_file_are_occluded(tmp_path: Path) -> None:
    data = DataTask(prepare(table(tmp_path, 60), OPTIONS))
    assert run_trial(trial("rnn", 2, phase="tuning"), data).occlusion == []
    assert run_trial(trial("rnn", 2, length=4), DataTask(prepare(table(tmp_path, 60), OPTIONS), 4)).occlusion == []
    assert run_trial(trial("transformer", 2).model_copy(update={"contender": _transformer()}), data).occlusion
    built_in = task("copy-memory", 10)
    assert built_in.readout == "every"
    assert measure_occlusion(build_contender(trial("rnn", 2).contender, built_in, 0), built_in, 0) == []


def _transformer() -> Contender:
    return Contender(spec="transformer", cell="transformer", init="default", layers=1, hidden=8, parameters=1, mlp=8)

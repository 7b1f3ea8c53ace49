"""Targets at every step: a new file gets an answer a step, the network's own; so does what is exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from carousel import load_best
from carousel.experiments.data import DataOptions
from carousel.experiments.takeaway.export.export import export
from carousel.experiments.takeaway.export.parity import MOST
from carousel.experiments.takeaway.predict import predict
from tests.support.taken_folder import folder_of

OPTIONS = DataOptions(target="state", group="shift", order="minute", every_step=True, window=4)
SHIFTS, STEPS = 10, 12


@pytest.fixture(scope="module")
def best(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("every")
    load = np.random.default_rng(3).normal(size=(SHIFTS, STEPS)).cumsum(axis=1)
    pl.DataFrame(
        {
            "shift": np.repeat(np.arange(SHIFTS), STEPS),
            "minute": np.tile(np.arange(STEPS), SHIFTS),
            "pressure": load.ravel(),
            "state": np.where(load > 0, "run", "idle").ravel(),
        }
    ).write_csv(folder / "pump.csv")
    return folder_of(folder / "pump.csv", OPTIONS, parameters=300)


def test_every_step_but_the_first_of_a_new_file_gets_the_networks_answer(best: Path, tmp_path: Path) -> None:
    pl.read_csv(best.parent / "pump.csv").drop("state").write_csv(tmp_path / "new.csv")
    found = predict(best, tmp_path / "new.csv").table
    assert found["shift"].to_list() == [str(k) for k in range(SHIFTS) for _ in range(STEPS - 1)]
    assert found["step"].to_list() == list(range(2, STEPS + 1)) * SHIFTS
    network, task = load_best(best)
    batch = task.held_out("test")  # of what was learned whole: all of it, in the file's order
    with torch.no_grad():
        shares = network(batch.x, batch.lengths).double().softmax(dim=1).numpy()
    np.testing.assert_allclose(found.select("p(idle)", "p(run)").to_numpy(), shares, atol=1e-6)


@pytest.mark.parametrize("to", ["onnx", "c"])
def test_what_is_exported_answers_each_step_alike(best: Path, tmp_path: Path, to: str) -> None:
    exact, _ = export(best, to, tmp_path / to).parity
    assert exact.largest < 1e-5 and exact.sequences == MOST  # of the steps

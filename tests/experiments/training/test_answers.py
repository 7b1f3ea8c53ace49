"""What a network answered on a test part: in the file's units, with its interval, and bounded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from carousel.experiments.data import DataTask
from carousel.experiments.data.prepare.preparation import assemble, read_file
from carousel.experiments.training import answers
from carousel.experiments.training.answers import LEVEL, on_test_part
from carousel.experiments.training.description import Contender
from carousel.experiments.training.held_out_errors import HeldOut, conformal, held_out
from carousel.experiments.training.trial import build_contender
from tests.support.taken import OPTIONS, table

MADE = Contender(spec="rnn", cell="rnn", init="default", layers=1, hidden=3, parameters=1)


@dataclass(frozen=True)
class Asked:
    """An untrained network on a file of one kind."""

    file: pl.DataFrame
    task: DataTask
    held: HeldOut


def asked(folder: Path, kind: str) -> Asked:
    frame = table(kind, 3, 60) if kind == "series" else table(kind, 40)
    frame.write_csv(folder / "table.csv")
    task = DataTask(assemble(read_file(folder / "table.csv", OPTIONS[kind]), OPTIONS[kind]))
    held = held_out(build_contender(MADE, task, 0).eval(), task)
    assert held is not None
    return Asked(frame, task, held)


def test_forecasts_are_values_of_the_series_at_their_steps(tmp_path: Path) -> None:
    of = asked(tmp_path, "series")
    found = on_test_part(of.task, of.held, 7, local=True)
    series = (found["series"] // 60).to_numpy()
    steps = found["step"].to_numpy()
    assert found["truth"].to_numpy() == pytest.approx(of.file["a"].to_numpy()[series * 60 + steps], rel=1e-5)
    assert set(found["ahead"]) == {1, 2} and set(found["seed"]) == {7} and set(found["column"]) == {"a"}
    assert (found["predicted"] - found["truth"]).abs().to_numpy() == pytest.approx(of.held.test.off.ravel(), abs=1e-6)
    known, hard = of.held.validation, of.held.test.hard
    assert known.hard is not None and hard is not None
    reach = conformal(known.off / known.hard, LEVEL) * hard
    assert found["half"].to_numpy() == pytest.approx(reach.ravel()) and found["half"].n_unique() > 10
    as_far = on_test_part(of.task, of.held, 7, local=False).filter(ahead=2)["half"].unique().to_list()
    assert as_far == [conformal(known.off, LEVEL)[1]]


def test_a_large_test_part_is_kept_in_part_and_its_last_windows_in_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST", 3)
    of = asked(tmp_path, "series")
    found = on_test_part(of.task, of.held, 0, local=False)
    assert found.filter("spread")["sequence"].n_unique() == 3
    first = found.filter(series=found["series"][0]).filter(
        (pl.lit(59) - (pl.col("step") - pl.col("ahead") + 2)).mod(2) == 0
    )
    assert np.diff(first["step"].to_numpy()).tolist() == [1] * (first.height - 1) and first["step"].max() == 59


@pytest.mark.parametrize("kind", ["classes", "values"])
def test_answers_of_whole_sequences(tmp_path: Path, kind: str) -> None:
    of = asked(tmp_path, kind)
    found = on_test_part(of.task, of.held, 0, local=False)
    target = "label" if kind == "classes" else "sum"
    column = of.file.group_by("id", maintain_order=True).first()[target]
    truth = column.gather(found["sequence"])
    if kind == "classes":
        names = [each["name"] for each in of.task.prepared.card["classes"] or ()]
        assert [names[int(code)] for code in found["truth"]] == truth.to_list()
        batch = of.task.held_out("test")
        right = (found["truth"] == found["predicted"]).mean()
        output = build_contender(MADE, of.task, 0).eval()(batch.x, batch.lengths)
        of_true = output.double().softmax(dim=1).gather(1, batch.y[:, None])[:, 0]
        assert found["right"].to_numpy() == pytest.approx(of_true.detach().numpy(), abs=1e-6)
        assert found["half"].null_count() == found.height and right == of.task.score(output, batch)
    else:
        assert found["truth"].to_numpy() == pytest.approx(truth.to_numpy(), rel=1e-5)
        assert found["right"].null_count() == found.height
    assert found["column"].unique().to_list() == [target] and found["series"].null_count() == found.height

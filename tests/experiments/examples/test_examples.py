"""Example files: the same each time, read as meant, really holding what their docstrings say."""

from __future__ import annotations

import shlex

import polars as pl
import pytest

from carousel.cli.example import example as write_example
from carousel.common.errors import BadPlan, FolderConflict, UnknownName
from carousel.experiments.data import prepare
from carousel.experiments.examples import EXAMPLES, example
from tests.support.forked import forked

EVERY = pytest.mark.parametrize("name", sorted(EXAMPLES))


@EVERY
def test_a_seed_makes_the_same_file_and_another_seed_another(name):
    made = example(name)
    assert made.csv() == made.csv(0) != made.csv(1)


@EVERY
def test_a_file_is_read_as_meant_with_nothing_missing(name, tmp_path):
    made = example(name)
    path = tmp_path / f"{name}.csv"
    path.write_text(made.csv(), encoding="utf-8")
    card = prepare(path, made.options).card
    assert card["missing"] == {}
    assert card["sequences"] == {"load": 1, "gestures": 240, "pump": 40}.get(name, 300)


@EVERY
@pytest.mark.slow
def test_the_command_that_is_printed_runs(name, tmp_path):
    told = forked("example", name, cwd=tmp_path)
    assert told.returncode == 0 and told.stdout == example(name).csv()
    (tmp_path / f"{name}.csv").write_text(told.stdout, encoding="utf-8")
    arguments = shlex.split(told.stderr.partition(": carousel ")[2])
    done = forked(*arguments, "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "at most" in done.stdout


def test_an_unknown_example_is_one_line(tmp_path):
    done = forked("example", "gesture", cwd=tmp_path)
    assert done.returncode == 2 and "did you mean 'gestures'" in done.stderr
    with pytest.raises(UnknownName):
        example("")


def test_pairs_of_gestures_hold_the_same_values():
    """Means and spreads tell a circle from a stroke, not a circle from its mirror image."""
    frame = pl.read_csv(example("gestures").csv().encode())
    spread = frame.group_by("label").agg(pl.col("ax", "ay").std()).sort("label")
    for axis in ("ax", "ay"):
        left, right, *_ = spread[axis]
        assert left == pytest.approx(right, rel=0.1)


def test_no_machine_fails_without_a_shock_but_for_the_chance():
    frame = pl.read_csv(example("machines").csv().encode())
    each = frame.group_by("watch").agg(pl.col("vibration").max(), pl.col("fails").first())
    quiet = each.filter(pl.col("vibration") < 3.2)
    assert (quiet["fails"] == "yes").mean() < 0.08


def test_the_watches_of_a_machine_stay_in_one_part(tmp_path):
    made = example("machines")
    (tmp_path / "m.csv").write_text(made.csv(), encoding="utf-8")
    assert "--block machine" in made.command("m.csv")
    read = prepare(tmp_path / "m.csv", made.options)
    assert (read.part.reshape(100, 3) == read.part.reshape(100, 3)[:, :1]).all() and len(set(read.part)) == 3


def test_a_file_is_written_where_out_says_and_never_over_another(tmp_path, capsys):
    written = tmp_path / "my rivers.csv"
    write_example("rivers", 0, written, as_json=False, lang="en")
    assert written.read_text(encoding="utf-8") == example("rivers").csv()
    said = capsys.readouterr()
    assert said.out == "" and f"carousel compare '{written}'" in said.err
    with pytest.raises(FolderConflict, match=r"is there already"):
        write_example("rivers", 0, written, as_json=False, lang="en")
    with pytest.raises(BadPlan, match=r"ends in \.csv"):
        write_example("rivers", 0, tmp_path / "rivers.parquet", as_json=False, lang="en")
    with pytest.raises(BadPlan, match=r"--out needs"):
        write_example(None, 0, written, as_json=False, lang="en")


def test_a_clog_does_not_show_in_one_reading():
    frame = pl.read_csv(example("pump").csv().encode())
    means = {state: part["pressure"].mean() for (state,), part in frame.group_by("state")}
    assert means["idle"] < 1 < means["pumping"] < means["clogging"]
    began = frame.with_columns(before=pl.col("state").shift(1).over("shift")).filter(
        (pl.col("state") == "clogging") & (pl.col("before") == "pumping")
    )
    assert began.height > 20
    spread = frame.filter(pl.col("state") == "pumping")["pressure"].std()
    assert abs(began["pressure"].mean() - means["pumping"]) < spread

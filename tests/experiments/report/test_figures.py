"""The figures: valid SVG, in the right language, and drawn where the numbers say."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

import altair as alt
import polars as pl
import pytest

from carousel.common.pages.render import _with_own_ids, svg
from carousel.common.texts import text
from carousel.experiments.report.figures import Both, Setting, drawing, styles
from carousel.experiments.report.figures.lag_profile import FLOOR, LagProfile
from carousel.experiments.report.figures.length import Length
from carousel.experiments.report.figures.score_axis import fitted
from carousel.experiments.report.names import conditions
from carousel.experiments.report.tables import curves, lag_profiles
from carousel.experiments.report.tables.contenders import summarise
from carousel.experiments.results.evidence import Evidence
from tests.experiments.report.made import Run
from tests.support.effects import Effects
from tests.support.evidence import planted

pytestmark = pytest.mark.slow

NAMES = (
    "lag-profile-initialisation",
    "lag-profile-end",
    "length",
    "learning-score",
    "learning-loss",
    "gradient-norm",
    "cost",
)
AXES = {"length": "report.axis.solved", "cost": "report.figure.cost.x", "learning-loss": "report.axis.step"}


def words(path: Path) -> list[str]:
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    return ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", NAMES)
def test_each_figure_is_svg_with_every_contender_and_condition(name: str, lang: str, task_run: Run) -> None:
    evidence, _ = task_run
    path = evidence.folder / "figures" / f"{name}.{lang}.svg"
    said = words(path)
    assert set(evidence.plan.specs) <= set(said)
    expected = {s.name for s in evidence.plan.sources}
    if name != "length":
        keys = {"source": "delayed-recall", "length": 100}
        expected = {text("report.condition.task", lang, **keys)}
    assert expected <= set(said)
    assert path.stat().st_size < 250_000


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", AXES)
def test_axes_say_what_they_show(name: str, lang: str, task_run: Run) -> None:
    assert text(AXES[name], lang) in words(task_run[0].folder / "figures" / f"{name}.{lang}.svg")


def test_the_fonts_can_show_chinese(task_run: Run) -> None:
    drawn = (task_run[0].folder / "figures" / "length.zh.svg").read_text(encoding="utf-8")
    families = ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")
    assert all("Noto Sans CJK SC" in (node.get("font-family") or "") for node in families)


def profile(gains: list[float]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "contender": "rnn",
            "family": "RNN",
            "condition": "adding/T=30",
            "source": "adding",
            "length": 30,
            "seed": 0,
            "moment": "initialisation",
            "learning_rate": None,
            "lag": list(range(len(gains))),
            "log_gain": gains,
            "log_gain_q10": gains,
            "log_gain_q90": gains,
        }
    )


@pytest.fixture
def one(tmp_path: Path) -> Evidence:
    return planted(tmp_path, seeds=2, sources=("adding",), lengths=(30,), specs=("rnn",), write_curves=False)


def test_a_gain_of_1e_40_is_not_lost_but_marked_at_the_floor(one: Evidence) -> None:
    gains = [-4.0 * math.log(10) * k for k in range(11)]  # 1, 1e-4, ... 1e-40
    frame = lag_profiles.profiles(profile(gains), "initialisation")
    assert frame["gain"].to_list() == pytest.approx([-4.0 * k for k in range(11)])
    chart = LagProfile(
        Setting(one.plan, styles(one.plan)), "initialisation", frame, lag_profiles.slopes(one.slopes)
    ).draw(Both())
    drawn = alt.Chart.from_dict(chart).to_dict()  # checked against the schema
    assert f'"domain": [{FLOOR}, 0]' in str(drawn).replace("'", '"')
    assert '{"contender": "rnn", "lag": 3, "gain": -8}' in str(drawn)
    assert '"lag": 3, "gain": null' in str(drawn)
    assert '"lag": 2, "gain": -8.0' in str(drawn)


def test_an_underflow_to_minus_infinity_is_drawn_below_the_floor(one: Evidence) -> None:
    frame = lag_profiles.profiles(profile([0.0, -10.0, -math.inf]), "initialisation")
    drawn = LagProfile(
        Setting(one.plan, styles(one.plan)), "initialisation", frame, lag_profiles.slopes(one.slopes)
    ).draw(Both())
    assert '"lag": 2, "gain": null' in str(drawn)
    assert svg(drawn, "x").startswith("<svg")


def test_the_printed_slope_is_the_mean_over_the_networks(task_run: Run) -> None:
    evidence, _ = task_run
    one = evidence.slopes.filter(
        (pl.col("condition") == "adding/T=100")
        & (pl.col("contender") == "rnn")
        & (pl.col("moment") == "initialisation")
    )
    mean = one["slope"].mean()
    assert isinstance(mean, float)
    said = words(evidence.folder / "figures" / "lag-profile-initialisation.en.svg")
    assert f"{mean:.3f}".replace("-", "−") in said


@pytest.mark.parametrize(("gains", "printed"), [([0.0, -6.0, -1.0], "0.368"), ([0.0, -1.0, -20.0], "< 10⁻⁸")])
def test_of_a_trained_network_what_is_left_at_the_last_lag_is_printed(
    gains: list[float], printed: str, one: Evidence
) -> None:
    frame = lag_profiles.profiles(profile(gains).with_columns(moment=pl.lit("end")), "end")
    figure = LagProfile(Setting(one.plan, styles(one.plan)), "end", frame, lag_profiles.slopes(one.slopes))
    said = ElementTree.fromstring(drawing(figure).files["en"]).itertext()
    assert {printed, text("report.axis.left", "en", lag=2)} <= set(said)


def test_before_training_the_longest_sequences_are_drawn_and_all_are_kept(task_run: Run) -> None:
    folder = task_run[0].folder
    assert set(pl.read_csv(folder / "tables" / "lag-profile-initialisation.csv")["length"]) == {30, 100}
    said = words(folder / "figures" / "lag-profile-initialisation.en.svg")
    titles = [text("report.condition.task", "en", source="adding", length=length) for length in (30, 100)]
    assert [title in said for title in titles] == [False, True]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_panels_say_with_the_shared_marks_what_the_file_says(lang: str, task_run: Run) -> None:
    evidence, _ = task_run
    drawn = drawing(Length(Setting(evidence.plan, styles(evidence.plan)), summarise(evidence)))
    root = ElementTree.fromstring(drawn.files[lang])
    legend = set(evidence.plan.specs)
    expected = {said for said in root.itertext() if said.strip()} - legend
    parts = [f"<svg>{drawn.shared}</svg>", *drawn.panels[lang]]
    assert {said for part in parts for said in ElementTree.fromstring(part).itertext()} == expected
    assert text("report.axis.solved", lang) not in drawn.shared
    assert len(drawn.panels[lang]) == len(evidence.plan.sources)


def test_a_text_that_differs_by_language_is_swapped_and_escaped() -> None:
    both = Both()
    marked = both(lambda lang: {"en": "a<b", "zh": "甲<乙"}[lang])
    assert both(lambda lang: "same") == "same"
    assert both.told(f"<text>{marked} 7</text>", "zh") == "<text>甲&lt;乙 7</text>"


def test_a_training_that_diverged_is_not_carried_on_in_the_median(tmp_path: Path) -> None:
    evidence = planted(tmp_path, seeds=2, sources=("adding",), lengths=(30,), specs=("rnn",), write_curves=False)
    (tmp_path / "trials").mkdir()
    outcome = (
        pl.when(pl.col("seed") == pl.col("seed").min()).then(pl.lit("diverged")).otherwise("outcome").alias("outcome")
    )
    reporting = evidence.trials.filter(pl.col("phase") == "reporting").with_columns(outcome, steps=pl.lit(4))
    for row in reporting.iter_rows(named=True):
        end, loss = (2, 9.0) if row["outcome"] == "diverged" else (4, 1.0)
        curve = {name: [loss] * end for name in ("loss", "gradient_norm", "validation_score")}
        pl.DataFrame({"step": range(1, end + 1), **curve}).write_parquet(
            tmp_path / "trials" / f"{row['trial']}.parquet"
        )
    found = curves.collect(Evidence(**{**evidence.__dict__, "trials": reporting})).loss
    medians = dict(found.select("step", "median").unique().iter_rows())
    assert (medians[2], medians[4]) == (5.0, 1.0)


def test_a_stopped_seed_keeps_its_last_value_in_the_median_only(tmp_path: Path) -> None:
    evidence = planted(tmp_path, seeds=3, sources=("adding",), lengths=(30,), specs=("rnn",), write_curves=False)
    (tmp_path / "trials").mkdir()
    reporting = evidence.trials.filter(pl.col("phase") == "reporting").with_columns(steps=pl.lit(4))
    ends = dict(zip(reporting["trial"], (2, 4, 4), strict=True))
    for level, (trial, end) in enumerate(ends.items()):
        steps = range(1, end + 1)
        curve = {"step": steps, "loss": [float(level)] * end, "gradient_norm": [float(level + 1)] * end}
        pl.DataFrame({**curve, "validation_score": [1.0 - level] * end}).write_parquet(
            tmp_path / "trials" / f"{trial}.parquet"
        )
    found = curves.collect(Evidence(**{**evidence.__dict__, "trials": reporting}))
    last = found.score.filter(pl.col("step") == 4)
    assert last["median"].to_list() == [0.0, 0.0, 0.0]  # of 1 (carried on), 0 and -1
    assert sorted(last["value"].to_list(), key=str) == [-1.0, 0.0, None]
    norms = found.gradient.filter(pl.col("step") == 4)
    assert norms.select("median", "high", "trials").row(0) == (2.5, 3.0, 2)


def test_norms_that_are_not_finite_are_counted(tmp_path: Path) -> None:
    evidence = planted(tmp_path, seeds=1, sources=("adding",), lengths=(30,), specs=("rnn",))
    trial = evidence.trials.filter(pl.col("phase") == "reporting")["trial"][0]
    path = tmp_path / "trials" / f"{trial}.parquet"
    broken = pl.when(pl.col("step") <= 3).then(float("inf")).otherwise("gradient_norm").alias("gradient_norm")
    pl.read_parquet(path).with_columns(broken).write_parquet(path)
    found = curves.collect(evidence)
    assert found.not_finite == 3
    assert found.gradient["high"].is_finite().all()


def test_a_planned_contender_without_trials_has_a_row(one: Evidence) -> None:
    summary = summarise(Evidence(**{**one.__dict__, "trials": one.trials.clear()}))
    assert summary.select("contender", "trials", "scored", "score").rows() == [("rnn", 0, 0, None)]


def test_lengths_go_up_and_whole_sequences_come_last(tmp_path: Path) -> None:
    plan = planted(tmp_path, seeds=1, source_kind="file", write_curves=False).plan
    assert [c.length for c in conditions(plan)] == [5, 10, 0]


def test_contenders_of_a_family_never_look_the_same(tmp_path: Path) -> None:
    specs = tuple(f"lstm:forget-bias-{n}" for n in range(16))
    plan = planted(tmp_path, seeds=1, specs=specs, effects=Effects(), write_curves=False).plan
    looks = [(look.colour, tuple(look.dash)) for look in styles(plan).values()]
    assert len(set(looks)) == 16


def test_a_level_far_off_is_named_in_the_corner_instead_of_crushing_the_curves() -> None:
    near, far = (fitted("score", [0.90, 0.95], level, "baseline") for level in (0.88, 0.1))
    assert near.low < 0.88 < near.high
    assert "baseline" not in str([mark.to_dict() for mark in near.marks()])
    assert far.low > 0.89
    assert "baseline 0.100 ↓" in str([mark.to_dict() for mark in far.marks()])
    assert fitted("score", [0.9], None, "baseline").marks() == []


def test_ids_are_prefixed_in_tags_but_not_in_texts() -> None:
    drawn = '<svg><clipPath id="c0"/><g clip-path="url(#c0)"><text>id="c0" url(#c0)</text></g></svg>'
    assert _with_own_ids(drawn, "a") == (
        '<svg><clipPath id="a-c0"/><g clip-path="url(#a-c0)"><text>id="c0" url(#c0)</text></g></svg>'
    )

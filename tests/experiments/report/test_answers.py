"""Scores and pictures of stored answers, against scikit-learn and by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score, precision_score, roc_auc_score

from carousel.common.pages.numbers import fixed
from carousel.common.texts import LANGUAGES, text
from carousel.experiments.report.first.plot_area import short
from carousel.experiments.report.first.screen import answers_pictures
from carousel.experiments.report.page.scores import score_table
from carousel.experiments.report.tables.answers import auroc, by_series, by_step_ahead, class_scores, confusion, frames
from carousel.experiments.results.answered import Answers
from carousel.experiments.results.kept import schema
from carousel.experiments.tables import ANSWERS
from carousel.experiments.training.description import Contender
from tests.experiments.report.made import Run, read

GRU = Contender(spec="gru", cell="gru", init="default", layers=1, hidden=3, parameters=1)


def answered(kind: str, columns: dict[str, object], classes: tuple[str, ...] = ()) -> Answers:
    """The other columns are those of one split."""
    made = pl.DataFrame(columns).with_columns(job=pl.lit("j"), seed=pl.lit(0), spread=pl.lit(value=True))
    types = schema(ANSWERS)
    absent = [pl.lit(None).alias(name) for name in types if name not in made.columns]
    table = made.with_columns(absent).select(pl.col(name).cast(of) for name, of in types.items())
    return Answers(GRU, table, kind, classes, 0)


def classes(names: tuple[str, ...], n: int) -> Answers:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, len(names), n)
    said = np.where(rng.random(n) < 0.6, truth, rng.integers(0, len(names), n))
    columns = {"sequence": range(n), "truth": truth.astype(float), "predicted": said.astype(float)}
    return answered("classification", columns, names)


def forecasts(windows: int, horizon: int) -> Answers:
    """Off by 1 at the first step, by 2 at the second; the interval reaches 1.5."""
    seen = np.repeat(np.arange(windows), horizon)
    ahead = np.tile(np.arange(1, horizon + 1), windows)
    truth = np.sin(seen + ahead)
    columns = {
        "sequence": seen,
        "series": 0 * seen,
        "step": seen + ahead,
        "ahead": ahead,
        "column": ["<y>"] * len(seen),
        "truth": truth,
        "predicted": truth + ahead,
        "half": np.full(len(seen), 1.5),
    }
    return answered("forecast", columns)


def test_scores_by_class_are_those_of_scikit_learn() -> None:
    made = classes(("a", "b", "c"), 200)
    truth, said = (made.table[name].to_numpy().astype(int) for name in ("truth", "predicted"))
    scores = class_scores(made)
    assert confusion(made)["count"].to_list() == confusion_matrix(truth, said).ravel().tolist()
    assert scores.balanced_accuracy == pytest.approx(balanced_accuracy_score(truth, said))
    assert scores.macro_f1 == pytest.approx(f1_score(truth, said, average="macro"))
    assert scores.by_class["precision"].to_list() == pytest.approx(precision_score(truth, said, average=None).tolist())
    shown = score_table(made, "zh")
    assert shown is not None and shown.rows[0][:2] == ("a", str((truth == 0).sum()))


def test_the_auroc_of_two_classes_is_that_of_scikit_learn_on_each_split() -> None:
    rng = np.random.default_rng(2)
    truth, seed = rng.integers(0, 2, 120), np.arange(120) % 2
    chance = np.round(8 * np.clip(rng.normal(0.4 + 0.2 * truth, 0.2), 0, 1)) / 8  # of the second class; eighths tie
    said = (chance > 0.5).astype(float)
    columns = {"sequence": range(120), "truth": truth.astype(float), "predicted": said}
    stored = {**columns, "right": np.where(truth == 1, chance, 1 - chance)}
    one = answered("classification", stored, ("a", "b"))
    made = replace(one, table=one.table.with_columns(seed=pl.Series(seed)))
    expected = np.mean([roc_auc_score(truth[seed == k], chance[seed == k]) for k in (0, 1)])
    assert auroc(made) == pytest.approx(expected)
    shown = score_table(made, "en")
    assert shown is not None and f"AUROC {fixed(float(expected))}, the mean over" in shown.notes[1]
    alone = made.table.with_columns(truth=pl.when(pl.col("seed") == 0).then(0.0).otherwise("truth"))
    assert auroc(replace(made, table=alone)) is None  # a split has one class
    assert auroc(answered("classification", columns, ("a", "b"))) is None  # an earlier run has no probabilities
    assert auroc(answered("classification", stored, ("a", "b", "c"))) is None


def test_a_class_that_neither_occurs_nor_is_answered_counts_in_no_mean() -> None:
    columns = {"sequence": [0, 1], "truth": [0.0, 1.0], "predicted": [0.0, 0.0]}
    scores = class_scores(answered("classification", columns, ("a", "b", "never")))
    assert scores.by_class["recall"].to_list() == [1.0, 0.0, None]
    assert scores.by_class["precision"].to_list() == [0.5, None, None]
    assert scores.balanced_accuracy == 0.5 and scores.macro_f1 == pytest.approx((2 / 3 + 0) / 2)


def test_errors_by_step_ahead_and_what_the_interval_held() -> None:
    found = by_step_ahead(forecasts(10, 2)).sort("ahead")
    assert found["error"].to_list() == pytest.approx([1, 2]) and found["held"].to_list() == [1.0, 0.0]
    assert found["windows"].to_list() == [10, 10]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_pictures_are_whole_and_describe_themselves(lang: str) -> None:
    values = answered(
        "regression", {"sequence": range(900), "truth": np.arange(900.0), "predicted": np.arange(900.0) + 3}
    )
    many = classes(tuple(f"<class {k}>" for k in range(15)), 300)
    drawn = [*answers_pictures(many, lang), *answers_pictures(values, lang), *answers_pictures(forecasts(40, 2), lang)]
    assert len(drawn) == 4
    for each in drawn:
        root = ElementTree.fromstring(each.svg)
        (said,) = (element.text for element in root if element.tag == "desc")
        assert said and each.title and each.caption and "{" not in said + each.title + each.caption
    confused, scattered, forecast, ahead = (each.svg for each in drawn)
    assert confused.count("<rect") == 12 * 12 and "15" in drawn[0].caption and "<class" not in confused
    assert scattered.count("<circle") == 500 and ahead.count("<circle") == 2 and "&lt;y&gt;" in ahead
    assert forecast.count('class="band') == 20  # of 40 windows those that do not overlap
    assert re.search(r"50 ?%", drawn[2].caption)


@pytest.mark.parametrize(
    ("value", "says"),
    [(18610.4, "18,610"), (-0.12346, "−0.1235"), (1234567, "1,234,567"), (0, "0")],
)
def test_numbers_beside_an_axis(value: float, says: str) -> None:
    assert short(value) == says


def test_one_step_ahead_is_one_line_and_what_is_not_finite_is_not_drawn() -> None:
    (only,) = answers_pictures(forecasts(30, 1), "en")
    assert only.svg.count('class="curve') == 1
    nothing = answered("regression", {"sequence": [0], "truth": [1.0], "predicted": [None]})
    assert answers_pictures(nothing, "en") == () and frames(nothing) == {}


def test_a_file_whose_answers_were_not_kept_is_reported_with_the_reason(file_run: Run) -> None:
    for lang in LANGUAGES:
        assert text("first.answers.missing", lang) in read(file_run[0].folder, "report.html")
    assert "answers.csv" not in {path.name for path in (file_run[0].folder / "tables").iterdir()}


def test_scores_by_series() -> None:
    truth = np.arange(8.0) % 4
    columns = {"sequence": range(8), "series": [0] * 4 + [90] * 4, "step": range(8), "ahead": [1] * 8,
               "column": ["y"] * 8, "truth": truth, "predicted": truth + np.repeat([0.5, 2.0], 4),
               "half": [1.0] * 8}  # fmt: skip
    made = replace(answered("forecast", columns), series={0: "shop=a", 90: "shop=b"})
    table = frames(made)["series"]
    assert table.drop("r2").rows() == [("shop=b", "y", 4, 2.0), ("shop=a", "y", 4, 0.5)]
    assert table["r2"].to_list() == pytest.approx([1 - 16 / 5, 1 - 1 / 5]) and table.equals(by_series(made))
    shown = score_table(made, "en")
    assert shown is not None and shown.rows[0] == ("shop=b", "y", "4", "2", fixed(-2.2))
    assert fixed((-2.2 + 0.8) / 2) in shown.notes[0]
    assert score_table(replace(made, series={}), "en") is None and "series" not in frames(replace(made, series={}))

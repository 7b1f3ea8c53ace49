"""best/ of a finished run: trained on the whole file with the settings that won, its errors measured, its card told."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import load_file

from carousel import load_best
from carousel.common.errors import FolderConflict
from carousel.common.texts import text
from carousel.experiments.data import DataTask, Prepared
from carousel.experiments.data.arrays import Note
from carousel.experiments.finalise import finalise
from carousel.experiments.report.model_card import model_card
from carousel.experiments.results.export import export_best, refit_of
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.training.held_out_errors import conformal
from tests.support.taken import taken_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Of a regression."""
    return taken_run(tmp_path_factory.mktemp("taken"), "values", "rnn,gru", steps=40)


@pytest.mark.slow
def test_best_is_trained_on_the_whole_file_and_says_how_far_it_may_be_off(run: RunFolder) -> None:
    evidence = load_evidence(run.path)
    (again,) = evidence.refits
    about = json.loads((run.path / "best" / "contender.json").read_text())
    job = refit_of(evidence, about["contender"]["spec"])
    assert again.description == job and job is not None
    group = evidence.trials.filter(phase="reporting", contender=about["contender"]["spec"])
    assert job.steps == round(group["best_step"].median())  # type: ignore[arg-type]
    network, task = load_best(run.path)
    assert isinstance(task, DataTask) and again.record.examples == 60 == task.held_out("test").x.shape[1]
    assert np.isclose(task.prepared.y_mean, pl.read_csv(run.path.parent / "table.csv")["sum"].mean())
    weights = load_file(run.path / "best" / "model.safetensors")
    assert all(torch.equal(weights[name], tensor) for name, tensor in network.state_dict().items())
    trial = load_file(run.weights(about["trial"]))
    assert any(not torch.equal(weights[name], trial[name]) for name in weights)
    assert task.score(network(task.held_out("test").x), task.held_out("test")) == pytest.approx(
        again.record.training_score
    )


@pytest.mark.slow
def test_the_bands_are_the_quantiles_of_errors_on_test_parts(run: RunFolder) -> None:
    """Computed again from the reporting trials, by hand."""
    evidence = load_evidence(run.path)
    (again,) = evidence.refits
    errors, covered = [], []
    for trial in again.description.trials:
        prepared = Prepared.load(run.split(trial.seed))
        network = load_network(run, trial.digest(), prepared)
        per_part = {}
        for part in ("validation", "test"):
            batch = DataTask(prepared).held_out(part)  # type: ignore[arg-type]
            off = (network(batch.x, batch.lengths) - batch.y).detach().double().numpy() * prepared.y_std
            per_part[part] = np.sort(np.abs(off[:, 0]))
        errors.append(per_part["test"])
        rank = min(int(np.ceil(13 * 0.9)), 12)  # of 12 sequences
        covered.append(float((per_part["test"] <= per_part["validation"][rank - 1]).mean()))
    band = next(band for band in again.record.errors if band.level == 0.9)
    pooled = np.sort(np.concatenate(errors))
    assert band.half == pytest.approx([pooled[int(np.ceil(25 * 0.9)) - 1]])
    assert band.by_split == pytest.approx(covered) and band.coverage == pytest.approx(np.mean(covered))


@pytest.mark.slow
def test_the_answers_on_the_test_parts_are_stored_and_drawn(run: RunFolder) -> None:
    evidence = load_evidence(run.path)
    (again,) = evidence.refits
    trials = evidence.trials.filter(pl.col("trial").is_in([trial.digest() for trial in again.description.trials]))
    assert trials.height == 2 and set(evidence.answers["job"]) == {again.job} and evidence.answers["spread"].all()
    for seed, rmse in trials.select("seed", "rmse").iter_rows():
        mine = evidence.answers.filter(seed=seed)
        assert np.sqrt(((mine["predicted"] - mine["truth"]) ** 2).mean()) == pytest.approx(rmse)
    assert pl.read_csv(run.path / "tables" / "answers.csv").height == 24
    page = (run.path / "report.html").read_text()
    drawn = page[page.index('aria-labelledby="scatter-en-title') :].split("</svg>")[0]
    assert drawn.count("<circle") == 24 and text("first.answers.missing", "en") not in page


@pytest.mark.slow
def test_a_folder_without_answers_is_reported_and_says_so(run: RunFolder, tmp_path: Path) -> None:
    older = shutil.copytree(run.path, tmp_path / "older", ignore=shutil.ignore_patterns("answers", "tables"))
    finalise(load_evidence(older))
    page = (older / "report.html").read_text()
    assert all(text("first.answers.missing", lang) in page for lang in ("en", "zh"))
    assert "scatter-en" not in page and not (older / "tables" / "answers.csv").exists()


@pytest.mark.slow
def test_damaged_answers_are_refused_in_one_line(run: RunFolder, tmp_path: Path) -> None:
    damaged = RunFolder(shutil.copytree(run.path, tmp_path / "damaged"))
    (again,) = load_evidence(run.path).refits
    damaged.answers(again.job).write_bytes(b"PAR1")
    with pytest.raises(FolderConflict, match="absent or damaged"):
        load_evidence(damaged.path)


def load_network(run: RunFolder, job: str, prepared: Prepared) -> torch.nn.Module:
    """The network of a reporting trial."""
    from carousel.experiments.training.trial import build_contender

    (again,) = load_evidence(run.path).refits
    network = build_contender(again.description.trial.contender, DataTask(prepared), 0)
    network.load_state_dict(load_file(run.weights(job)))
    return network


@pytest.mark.slow
def test_the_model_card_tells_data_scores_and_limits_in_both_languages(run: RunFolder) -> None:
    english, chinese = ((run.path / "best" / name).read_text("utf-8") for name in ("README.md", "README.zh.md"))
    (again,) = load_evidence(run.path).refits
    trials = load_evidence(run.path).trials.filter(phase="reporting", length=0)
    for contender, score in trials.group_by("contender").agg(pl.col("score").mean()).iter_rows():
        assert contender in english
        assert f"{score:.3f}".replace("-", "−") in english and f"{score:.3f}".replace("-", "−") in chinese
    for band in again.record.errors:
        assert f"{band.half[0]:.3g}" in english and f"{band.half[0]:.3g}" in chinese
    assert "all 60 examples" in english and "全部 60 个样本" in chinese and "at most 8 steps" in english
    for lang, card in (("en", english), ("zh", chinese)):
        assert text("take.card.coverage_alike", lang) in card and text("take.card.coverage_assumes", lang) in card


@pytest.mark.slow
def test_the_card_says_that_intervals_go_with_how_hard_a_window_is(run: RunFolder) -> None:
    evidence = load_evidence(run.path)
    (again,) = evidence.refits
    bands = [band.model_copy(update={"average": [2.0]}) for band in again.record.errors]
    local = replace(again, record=again.record.model_copy(update={"errors": bands}))
    assert evidence.card is not None
    note: Note = {"key": "own_units", "columns": ["a"], "times": 10}
    own = replace(evidence, card={**evidence.card, "notes": [note]})
    for lang in ("en", "zh"):
        card, of_own = (model_card(each, again.description.trial, local, None, lang) for each in (evidence, own))
        assert text("take.card.coverage_local", lang) in card and text("take.card.coverage_alike", lang) not in card
        assert [text("take.card.coverage_own", lang) in each for each in (card, of_own)] == [False, True]


@pytest.mark.slow
def test_a_report_written_anew_leaves_the_same_network_and_older_folders_get_that_of_a_trial(run: RunFolder) -> None:
    before = (run.path / "best" / "model.safetensors").read_bytes()
    finalise(load_evidence(run.path))
    assert (run.path / "best" / "model.safetensors").read_bytes() == before
    hidden = run.whole.rename(run.whole.with_suffix(".away"))
    try:
        exported = export_best(load_evidence(run.path), "gru")
        assert exported is not None and exported.again is None
        assert load_best(run.path)[0].training is False
    finally:
        hidden.rename(run.whole)
        finalise(load_evidence(run.path))


@pytest.mark.slow
def test_weights_that_were_changed_are_refused(run: RunFolder, tmp_path: Path) -> None:
    for name in ("contender.json", "data.npz", "model.safetensors"):
        (tmp_path / name).write_bytes((run.path / "best" / name).read_bytes())
    content = bytearray((tmp_path / "model.safetensors").read_bytes())
    content[-3] ^= 1
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(FolderConflict, match=r"is not what contender\.json was written with"):
        load_best(tmp_path)


@pytest.mark.parametrize(("count", "level", "place"), [(9, 0.9, 8), (19, 0.9, 17), (4, 0.95, 3), (1, 0.5, 0)])
def test_the_conformal_quantile(count: int, level: float, place: int) -> None:
    errors = np.random.default_rng(0).permutation(count).astype(float)
    assert conformal(errors[:, None], level) == [place]

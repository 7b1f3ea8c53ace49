"""A whole run with a Transformer beside recurrent contenders: planned, trained, judged, reported, taken away."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import torch

from carousel.common.errors import BadCall, BadPlan
from carousel.experiments.conclusion import Conclusion
from carousel.experiments.contenders import attention_maps
from carousel.experiments.contenders.transformer import TransformerNetwork
from carousel.experiments.finalise import finalise
from carousel.experiments.probes.network_flow import network_lag_profile
from carousel.experiments.report.figures import Setting, styles
from carousel.experiments.report.figures.lag_profile import LagProfile
from carousel.experiments.report.tables import lag_profiles
from carousel.experiments.report.tables.contenders import summarise
from carousel.experiments.results.export import export_best
from carousel.experiments.results.load import load_evidence
from carousel.experiments.results.rebuild import load_best
from carousel.experiments.runner.cost import cost
from carousel.experiments.runner.estimate import estimate
from carousel.experiments.runner.run import expected_jobs
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.runner.tuning import first_jobs
from carousel.experiments.training.description import InitialFlow, OnsetProbe, Trial
from tests.support.plans import ComparisonRequest, make_plan
from tests.support.runs import shortened, small_plan, trained

pytestmark = pytest.mark.slow

CONTENDERS = "rnn,lstm,transformer,transformer:learned"
ATTENDING = ("transformer", "transformer:learned")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Conclusion:
    folder = trained(small_plan(contenders=CONTENDERS), tmp_path_factory.mktemp("transformer") / "run")
    return finalise(load_evidence(folder.path))


def test_plan_asks_no_gradient_flow_of_it():
    plan = small_plan(contenders=CONTENDERS)
    jobs = [job for _, job in first_jobs(plan)]
    assert {j.contender.spec for j in jobs if isinstance(j, InitialFlow)} == {"rnn", "lstm"}
    assert {j.cell for j in jobs if isinstance(j, OnsetProbe)} == {"rnn", "lstm"}
    trials = [j for j in jobs if isinstance(j, Trial)]
    assert {j.contender.spec for j in trials} == set(CONTENDERS.split(","))
    assert all(cost(plan, trial) > 0 for trial in trials)
    assert expected_jobs(plan) == len(jobs) + 4 * 2


def test_a_transformer_alone_can_be_planned():
    jobs = [job for _, job in first_jobs(small_plan(contenders="transformer"))]
    assert jobs and all(isinstance(job, Trial) for job in jobs)


def test_learned_positions_are_sized_for_the_longest_length():
    plan = make_plan(ComparisonRequest(("delayed-recall",), CONTENDERS, (8, 40))).plan
    found = {c.spec: c for c in plan.contenders["delayed-recall"]}
    assert found["transformer:learned"].positions == 40
    assert found["transformer"].positions is None
    assert found["rnn"].mlp is None and found["transformer"].mlp
    counts = [c.parameters for c in found.values()]
    assert max(counts) <= 1.02 * min(counts)


def test_a_recurrent_contender_is_described_as_before_there_were_transformers():
    rnn = small_plan().contenders["delayed-recall"][0]
    assert set(rnn.model_dump()) == {"spec", "cell", "init", "layers", "hidden", "parameters"}


def test_a_forced_kernel_refuses_it():
    with pytest.raises(BadPlan, match=r"cannot run contender 'transformer'; got: kernels run recurrences"):
        make_plan(ComparisonRequest(("adding",), "rnn,transformer", (8,), kernel="torch"))


def test_estimate():
    plan = shortened(small_plan(contenders="transformer"), steps=2)
    seconds = estimate(plan, Sources.of(None), 1).step_seconds
    assert seconds["delayed-recall/T=8"]["transformer"] > 0


def test_trials_hold_everything_but_gradient_flow_and_say_why(run):
    trials = run.evidence.trials
    for spec in ATTENDING:
        mine = trials.filter(pl.col("contender") == spec)
        assert mine.height == 2 + 2
        assert set(mine["family"]) == {"TRANSFORMER"}
        assert mine["score"].is_finite().all()
        assert mine["gradient_norm_max"].is_finite().all()
        assert mine["lyapunov_end"].is_null().all()
        assert set(mine["kernel"]) == {"sdpa"}
        assert mine["flow_refused"].str.starts_with("no recurrent state").all()
        hidden, bits = mine.select("hidden", "state_bits").row(0)
        assert bits == 2 * hidden * 8 * 32
        assert run.evidence.curves(mine["trial"][0]).height == 40
    others = trials.filter(~pl.col("contender").is_in(ATTENDING))
    assert others["flow_refused"].is_null().all()
    measured = others.filter(pl.col("phase") == "reporting")["lyapunov_end"]
    assert measured.is_not_null().all()
    assert set(run.evidence.slopes["contender"]) == set(run.evidence.profiles["contender"]) == {"rnn", "lstm"}
    assert set(run.evidence.onset["family"]) == {"RNN", "LSTM"}


def test_state_size_of_recurrent_contenders(run):
    found = dict(run.evidence.trials.select("contender", "state_bits").iter_rows())
    hidden = {c.spec: c.hidden for c in run.evidence.plan.contenders["delayed-recall"]}
    assert found["rnn"] == 32 * hidden["rnn"]
    assert found["lstm"] == 2 * 32 * hidden["lstm"]


def test_claims_about_gradients_do_not_count_it(run):
    for verdict in run.judgement.verdicts:
        assert not [row.where for row in verdict.rows if "transformer" in row.where], verdict.claim
    assert run.judgement.advice["en"]


def test_report_shows_it_and_says_what_is_not_measured(run):
    folder: Path = run.evidence.folder
    page, markdown = ((folder / name).read_text(encoding="utf-8") for name in ("report.html", "report.md"))
    for text in (page, markdown):
        assert "Not in this figure: transformer, transformer:learned." in text
        assert "此图不含 transformer, transformer:learned" in text
        assert "state (bits)" in text
        assert "状态（比特）" in text
    environment = json.loads((folder / "environment.json").read_text())
    assert environment["kernels"]["delayed-recall"]["transformer"] == {"kernel": "sdpa", "refused": {}}
    profiles, slopes = lag_profiles.profiles(run.evidence.profiles, "end"), lag_profiles.slopes(run.evidence.slopes)
    figure = LagProfile(_setting(run), "end", profiles, slopes)
    assert len(figure.notes("en")) == 1


def test_summary_holds_the_state(run):
    summary = summarise(run.evidence)
    assert summary["state_bits"].is_not_null().all()
    analysis = styles(run.evidence.plan)["transformer"]
    assert analysis.shape == "cross"


@pytest.mark.parametrize("spec", ATTENDING)
def test_it_can_be_taken_away_and_looked_into(run, spec):
    exported = export_best(run.evidence, spec)
    assert exported is not None
    best = exported.folder
    network, task = load_best(best)
    assert isinstance(network, TransformerNetwork)
    about = json.loads((best / "contender.json").read_text())
    test = task.held_out("test")
    with torch.no_grad():
        assert task.score(network(test.x, test.lengths), test) == about["score"]
    assert attention_maps(network, test.x[:, :2]).shape == (1, 2, 2, 8, 8)
    with pytest.raises(BadCall, match="no recurrent state"):
        network_lag_profile(network, task, test)


def _setting(run: Conclusion) -> Setting:
    return Setting(run.evidence.plan, styles(run.evidence.plan))

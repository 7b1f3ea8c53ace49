"""Several networks trained on the whole file: their mean answers, and what cannot take it says so in one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from carousel import load_best
from carousel.common.errors import BadPlan, UserError
from carousel.common.texts import text
from carousel.experiments.contenders.ensemble import Averaged, Ensemble
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.data import DataTask
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.takeaway.export.export import export
from carousel.experiments.takeaway.predict import predict
from carousel.experiments.takeaway.streams import Streams
from carousel.experiments.training.held_out_errors import conformal
from carousel.experiments.training.refit import refit
from carousel.experiments.training.trial import build_contender
from carousel.nn.cells import CELLS
from tests.support.plans import ComparisonRequest, make_plan
from tests.support.taken import OPTIONS, table, taken_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Of classes, with an ensemble of three."""
    return taken_run(tmp_path_factory.mktemp("taken"), "classes", "gru", steps=20, ensemble=3)


@pytest.mark.slow
def test_an_ensemble_answers_by_the_mean_probability_of_networks_trained_apart(run: RunFolder) -> None:
    network, task = load_best(run.path)
    assert isinstance(network, Ensemble) and isinstance(task, DataTask) and len(network.members) == 3
    (again,) = load_evidence(run.path).refits
    batch = task.held_out("test")
    with torch.no_grad():
        shares = torch.stack([member(batch.x, batch.lengths).softmax(dim=1) for member in network.members])
    assert (shares[0] - shares[1]).abs().max() > 1e-3
    found = predict(run.path, run.path.parent / "table.csv").table.select("p(down)", "p(up)").to_numpy()
    torch.testing.assert_close(torch.tensor(found), shares.mean(dim=0).double(), atol=1e-6, rtol=0)
    assert task.score(network(batch.x, batch.lengths), batch) == pytest.approx(again.record.training_score)
    alone = refit(again.description.model_copy(update={"members": 1}), task).weights
    for name, tensor in network.first.state_dict().items():
        torch.testing.assert_close(tensor, alone[name])
    for lang in ("en", "zh"):
        card = (run.path / "best" / ("README.md" if lang == "en" else "README.zh.md")).read_text("utf-8")
        assert text("take.card.ensemble", lang, members=3) in card


@pytest.mark.slow
def test_its_intervals_are_made_of_the_errors_of_mean_answers(run: RunFolder) -> None:
    """Of three networks on the training part of each split, trained as those that are taken away."""
    (again,) = load_evidence(run.path).refits
    sources, off = Sources(run), []
    for trial in again.description.trials:
        task = sources.task(trial.source, trial.length, trial.split)
        assert isinstance(task, DataTask)
        members = [refit(again.description.model_copy(update={"members": 1, "trial": changed}), task).weights
                   for changed in (trial.model_copy(update={"seed": trial.seed + k}) for k in range(3))]  # fmt: skip
        batch, shares = task.held_out("test"), []
        for weights in members:
            network = build_contender(trial.contender, task, 0)
            network.load_state_dict(weights)
            with torch.no_grad():
                shares.append(network.eval()(batch.x, batch.lengths).double().softmax(dim=1))
        right = torch.stack(shares).mean(dim=0).gather(1, batch.y[:, None])
        off.append(1 - right.numpy())
    for band in again.record.errors:
        assert band.half == pytest.approx(conformal(np.concatenate(off), band.level).tolist(), abs=1e-6)
        assert band.average is None


@pytest.mark.slow
def test_what_needs_one_network_refuses_several(run: RunFolder, tmp_path: Path) -> None:
    for to in ("c", "verilog"):
        with pytest.raises(UserError, match=r"an ensemble is exported to onnx and torch alone; got: .*, 3 networks"):
            export(run.path, to, tmp_path / "out")
    network, task = load_best(run.path)
    assert isinstance(task, DataTask)
    with pytest.raises(UserError, match="no answer after each step; got: an ensemble; fix: POST /predict"):
        Streams(network, task.prepared, OPTIONS["classes"], None).step("one", {"a": 1})
    best, about = tmp_path / "best", json.loads((run.path / "best" / "contender.json").read_text())
    best.mkdir()
    for name in ("data.npz", "contender.json"):
        (best / name).write_bytes((run.path / "best" / name).read_bytes())
    weights = load_file(run.path / "best" / "model.safetensors")
    save_file({name: w for name, w in weights.items() if "members.2" not in name}, best / "model.safetensors")
    del about["weights_sha256"]
    (best / "contender.json").write_text(json.dumps(about))
    with pytest.raises(UserError, match=r"model\.safetensors holds .* numbers of "):
        load_best(best)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("averaged", "expected"), [
    ("values", lambda outputs: outputs.mean(dim=0)),
    ("classes", lambda outputs: outputs.softmax(dim=-1).mean(dim=0).log()),
    ("keys", lambda outputs: torch.special.logit(outputs.sigmoid().mean(dim=0))),
])  # fmt: skip
def test_the_mean_of_values_classes_and_keys(averaged: Averaged, expected: object) -> None:
    torch.manual_seed(0)
    members = [RecurrentNetwork([CELLS["rnn"](2, 4)], 3, "last") for _ in range(3)]
    x, lengths = torch.randn(5, 2, 2), torch.tensor([5, 3])
    made = Ensemble(members, averaged)
    with torch.no_grad():
        for member in members:
            for parameter in member.parameters():
                parameter.normal_()
        found, outputs = made(x, lengths), torch.stack([member(x, lengths) for member in members])
    given = expected(outputs)  # type: ignore[operator]
    if averaged == "classes":  # logits are known but for a number
        given, found = given.log_softmax(dim=-1), found.log_softmax(dim=-1)
    torch.testing.assert_close(found, given)
    assert made.carried(5) == 12 and made.kernels == members[0].kernels


def test_a_plan_without_one_is_named_as_before(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    table("classes").write_csv(file)
    for number in (1, 4):
        plan = make_plan(ComparisonRequest((str(file),), "gru", data=OPTIONS["classes"], ensemble=number)).plan
        assert plan.ensemble == number and ("ensemble" in plan.model_dump(mode="json")) == (number > 1)
    with pytest.raises(BadPlan, match="--ensemble is for a file"):
        make_plan(ComparisonRequest(("adding",), ensemble=2))
    with pytest.raises(BadPlan, match="--ensemble is out of range; allowed: 1 to 32; got: 0; fix: take 5"):
        make_plan(ComparisonRequest((str(file),), ensemble=0, data=OPTIONS["classes"]))

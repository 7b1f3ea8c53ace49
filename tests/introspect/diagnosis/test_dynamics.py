"""Symptoms of dynamics: each on a faulty model and on the same model after its fix, which also trains better."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

import carousel

from .dynamics import Last, diagnosed, fix, recall, seeded, speaks, trained_loss


def lstm(steps: int = 40) -> Last:
    return seeded(lambda: Last(nn.LSTM(5, 24)))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.slow
def test_vanishing_and_its_fix(kind):
    faulty, batch = seeded(lambda: Last(kind(5, 24))), recall(40)
    finding = diagnosed(faulty, batch)["vanishing"]
    assert finding.severity in ("warning", "critical")
    assert finding.site == "rnn.l0"
    speaks(finding, finding.values["horizon"], "39")
    assert int(finding.values["horizon"]) < 0.6 * 39
    fixed = copy.deepcopy(faulty)
    seeded(lambda: fix(finding, model=fixed))
    assert "vanishing" not in diagnosed(fixed, batch)
    losses = [seeded(lambda m=m: trained_loss(m, 200, lambda k: recall(40, seed=k))) for m in (faulty, fixed)]
    assert losses[1] < losses[0] - 0.2


@pytest.mark.parametrize(("kind", "gate"), [(nn.LSTM, "f"), (nn.GRU, "z")])
def test_forget_bias_gives_the_bias_for_the_users_length(kind, gate):
    faulty, batch = seeded(lambda: Last(kind(5, 24))), recall(60)
    finding = diagnosed(faulty, batch)["forget-bias"]
    speaks(finding, "59", gate)
    assert all(finding.values["bias"] in finding.text("advice", lang) for lang in ("en", "zh"))
    assert float(finding.values["bias"]) == pytest.approx(math.log(59), abs=0.01)
    seeded(lambda: fix(finding, model=faulty))
    assert "forget-bias" not in diagnosed(faulty, batch)
    with carousel.record(faulty) as tape:
        faulty(batch[0])
    assert tape["rnn.l0"][gate].mean() > 0.8


def test_short_sequences_and_open_gates_are_left_alone():
    assert not diagnosed(seeded(lambda: Last(nn.LSTM(5, 24))), recall(10))
    assert diagnosed(seeded(lambda: Last(nn.LSTM(5, 24))), recall(10), dependency=200).keys() >= {"vanishing"}


def test_exploding_growth():
    faulty, batch = seeded(lambda: Last(nn.RNN(5, 24, nonlinearity="relu"))), recall(60)
    with torch.no_grad():
        faulty.rnn.weight_hh_l0.normal_(0, 2.5 / math.sqrt(24), generator=torch.Generator().manual_seed(0))
    finding = diagnosed(faulty, batch)["exploding"]
    speaks(finding, finding.values["growth"])
    fixed = copy.deepcopy(faulty)
    seeded(lambda: fix(finding, model=fixed))
    assert "exploding" not in diagnosed(fixed, batch)
    losses = [seeded(lambda m=m: trained_loss(m, 100, lambda k: recall(60, seed=k))) for m in (faulty, fixed)]
    assert losses[1] < losses[0] - 0.2


def test_exploding_chaos_and_numbers_that_are_not_finite():
    faulty, batch = seeded(lambda: Last(nn.RNN(5, 64))), recall(120, count=8)
    with torch.no_grad():
        faulty.rnn.weight_hh_l0.normal_(0, 3 / 8, generator=torch.Generator().manual_seed(0))
    finding = diagnosed(faulty, batch)["exploding"]
    if finding.form == "chaos":
        assert float(finding.values["exponent"]) > 0
    seeded(lambda: fix(finding, model=faulty))
    assert "exploding" not in diagnosed(faulty, batch)
    with torch.no_grad():
        faulty.head.weight.fill_(math.inf)
    broken = diagnosed(faulty, batch)["exploding"]
    assert (broken.severity, broken.form) == ("critical", "weights")


def test_exploding_norm_against_what_it_is_clipped_to():
    model, batch = lstm(), recall(10)
    finding = diagnosed(model, batch, clip_norm=1e-4)["exploding"]
    assert (finding.form, finding.severity) == ("clipped", "info")
    assert "exploding" not in diagnosed(model, batch, clip_norm=100.0)


def test_orthogonal_and_identity_networks_do_not_explode():
    for nonlinearity in ("tanh", "relu"):
        model = seeded(lambda n=nonlinearity: Last(nn.RNN(5, 24, nonlinearity=n)))
        with torch.no_grad():
            model.rnn.weight_ih_l0.normal_(0, 0.001, generator=torch.Generator().manual_seed(0))
            model.rnn.weight_hh_l0.copy_(torch.eye(24))
            model.rnn.bias_ih_l0.zero_(), model.rnn.bias_hh_l0.zero_()
        assert not {"exploding", "vanishing"} & diagnosed(model, recall(80)).keys()


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.slow
def test_saturated_gates(kind):
    faulty, batch = seeded(lambda: Last(kind(5, 24))), recall(12)
    with torch.no_grad():
        for parameter in faulty.rnn.parameters():
            parameter.mul_(80)
    finding = diagnosed(faulty, batch)["saturated-gates"]
    speaks(finding, finding.values["share"])
    assert float(finding.values["share"]) >= 50
    fixed = copy.deepcopy(faulty)
    seeded(lambda: fix(finding, model=fixed))
    assert "saturated-gates" not in diagnosed(fixed, batch)
    losses = [seeded(lambda m=m: trained_loss(m, 250, lambda k: recall(12, seed=k))) for m in (faulty, fixed)]
    assert losses[1] < losses[0]


def test_chrono_initialisation_is_not_saturation():
    model = lstm()
    with torch.no_grad():
        spans = torch.empty(24).uniform_(1, 999, generator=torch.Generator().manual_seed(0)).log()
        model.rnn.bias_ih_l0[:48], model.rnn.bias_hh_l0[:48] = torch.cat([-spans, spans]), 0
    assert not diagnosed(model, recall(60))


def test_dead_units_and_twins():
    faulty, batch = seeded(lambda: Last(nn.RNN(5, 24, nonlinearity="relu"))), recall(12)
    with torch.no_grad():
        faulty.rnn.bias_ih_l0[:18] = -10
    finding = diagnosed(faulty, batch)["dead-units"]
    speaks(finding, "75")
    fixed = copy.deepcopy(faulty)
    seeded(lambda: fix(finding, model=fixed))
    assert "dead-units" not in diagnosed(fixed, batch)
    losses = [seeded(lambda m=m: trained_loss(m, 250, lambda k: recall(5, seed=k))) for m in (faulty, fixed)]
    assert losses[1] < losses[0]
    same = lstm()
    with torch.no_grad():
        for parameter in same.rnn.parameters():
            parameter.fill_(0.1)
    twins = diagnosed(same, batch)["dead-units"]
    assert (twins.form, twins.severity) == ("twins", "critical")
    seeded(lambda: fix(twins, model=same))
    assert "dead-units" not in diagnosed(same, batch)


@pytest.mark.parametrize(("scale", "form"), [(300.0, "evidence"), (1e-5, "tiny"), ("apart", "apart")])
def test_unscaled_input(scale, form):
    model, (x, y) = lstm(), recall(12)
    given = x * (torch.tensor([1.0, 1e-3, 1, 1, 1]) if scale == "apart" else scale)
    finding = diagnosed(model, (given, y))["unscaled-input"]
    assert finding.form == form
    speaks(finding, finding.values["apart" if form == "apart" else "rms"])
    fixed = fix(finding, x=given)["x"]
    assert "unscaled-input" not in diagnosed(model, (fixed, y))
    if form == "evidence":
        raw, scaled = (
            trained_loss(copy.deepcopy(model), 100, lambda k, s=s: (s(recall(12, seed=k)[0]), recall(12, seed=k)[1]))
            for s in (lambda x: x * 300, lambda x: (x - x.mean((0, 1))) / x.std((0, 1)))
        )
        assert scaled < raw


@pytest.mark.parametrize("make", [
    lambda p: {"optimizer": torch.optim.SGD(p, 200.0)}, lambda p: {"learning_rate": 200.0},
    lambda p: {"optimizer": torch.optim.Adam(p, 3.0)},
], ids=["SGD", "rate", "Adam"])  # fmt: skip
def test_unstable_learning_rate(make):
    model, batch = lstm(), recall(12)
    before = copy.deepcopy(model.state_dict())
    finding = diagnosed(model, batch, **make(model.parameters()))["unstable-learning-rate"]
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    speaks(finding, finding.values["stable"], finding.values["worst"])
    optimiser = make(list(model.parameters())).get("optimizer") or torch.optim.SGD(model.parameters(), 200.0)
    fix(finding, optimizer=optimiser)
    assert "unstable-learning-rate" not in diagnosed(model, batch, optimizer=optimiser)


def test_an_ordinary_rate_is_stable_and_one_not_given_is_not_assessed():
    model, batch = lstm(), recall(12)
    assert not diagnosed(model, batch, optimizer=torch.optim.Adam(model.parameters(), 3e-3))
    found = carousel.diagnose(model, batch, lambda m, b: nn.functional.cross_entropy(m(b[0]), b[1]))
    assert "learning_rate=" in {u.symptom: u.text("en") for u in found.not_assessed}["unstable-learning-rate"]


def test_denormals():
    model, batch = seeded(lambda: Last(nn.LSTM(5, 24))), recall(400, count=4)
    finding = diagnosed(model, batch)["denormals"]
    speaks(finding, finding.values["share"])
    try:
        fix(finding)
        assert "denormals" not in diagnosed(model, batch)
    finally:
        torch.set_flush_denormal(False)


def test_useless_dropout():
    with pytest.warns(UserWarning, match="dropout"):
        model = Last(nn.LSTM(5, 24, dropout=0.3))
    finding = diagnosed(model, recall(10))["useless-dropout"]
    speaks(finding, "0.3")
    fix(finding, model=model)
    assert not diagnosed(model, recall(10))
    assert not diagnosed(Last(nn.LSTM(5, 24, num_layers=2, dropout=0.3)), recall(8))


def test_a_constant_initialisation_that_saturates_makes_twins():
    """All units at the ends of tanh, and all the same."""
    model = seeded(lambda: Last(nn.RNN(5, 8)))
    with torch.no_grad():
        for parameter in model.rnn.parameters():
            parameter.fill_(2.0)
    x = torch.randn(40, 32, 5, generator=torch.Generator().manual_seed(1))
    diagnosis = diagnosed(model, (x, torch.zeros(32, dtype=torch.long)))["dead-units"]
    assert diagnosis.values["twins"] == "100"
    with torch.no_grad():
        model.rnn.weight_ih_l0.normal_(0, 30, generator=torch.Generator().manual_seed(0))
        model.rnn.weight_hh_l0.zero_()
        model.rnn.bias_ih_l0.zero_()
    assert "dead-units" not in diagnosed(model, (x, torch.zeros(32, dtype=torch.long)))


def test_the_rate_probe_leaves_denormals_as_they_were():
    from carousel.introspect.diagnosis.facts.lr_probe import denormals_flushed

    tiny = torch.full((1,), 1e-310, dtype=torch.float64)
    for before in (False, True):
        torch.set_flush_denormal(before)
        with denormals_flushed():
            assert (tiny * 1.0).item() == 0
        assert ((tiny * 1.0).item() == 0) == before
    torch.set_flush_denormal(False)

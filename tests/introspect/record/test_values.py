"""What the tape holds, against a plain loop over torch's own cells with every gate retained."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import carousel
from carousel.common.errors import BadCall, NotRecorded, UnknownName

from .models import Stepper, Tagger, data, loss_of


def plain_lstm(net: nn.LSTM, x: torch.Tensor):
    """Gates, states and their gradients, written out with torch alone."""
    h = c = x.new_zeros(x.shape[1], net.hidden_size)
    kept = {name: [] for name in "ifgohc"}
    for step in x:
        a = step @ net.weight_ih_l0.T + net.bias_ih_l0 + h @ net.weight_hh_l0.T + net.bias_hh_l0
        i, f, g, o = a.chunk(4, 1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = f * c + i * g
        h = o * c.tanh()
        for name, value in zip("ifgohc", (i, f, g, o, h, c), strict=True):
            value.retain_grad()
            kept[name].append(value)
    return kept


def test_gates_states_and_total_derivatives_of_an_lstm():
    net, x = nn.LSTM(3, 5, dtype=torch.float64), data(20, 4, 3)
    kept = plain_lstm(net, x)
    (kept["h"][-1] ** 2).sum().backward()
    with carousel.record(net) as tape:
        (net(x)[0][-1] ** 2).sum().backward()
    track = tape["l0"]
    for name, values in kept.items():
        torch.testing.assert_close(track[name], torch.stack(values).detach(), rtol=1e-12, atol=1e-14)
        grads = torch.stack([torch.zeros_like(v) if v.grad is None else v.grad for v in values])
        torch.testing.assert_close(getattr(track.grad, name), grads, rtol=1e-10, atol=1e-16)
    assert (track.grad.h[0] != 0).any()  # the total derivative, though the loss reads the last step only


def test_a_tape_is_a_table_of_names():
    model = Tagger("LSTM", num_layers=2, bidirectional=True)
    with carousel.record(model) as tape:
        model(data(7, 4, 3, dtype=torch.float32), None, torch.tensor([7, 3, 2, 5]))
    assert list(tape) == [f"encoder.rnn.{p}" for p in ("l0", "l0_reverse", "l1", "l1_reverse")]
    printed = str(tape)
    for part in (*tape, "T=7, B=4, H=5", "11 padded steps", "forget gate", "kernel numba"):
        assert part in printed
    assert "遗忘门" in tape.table("zh")
    assert list(tape["encoder.rnn.l1"]) == ["h", "c", "i", "f", "g", "o"]
    assert dict(tape["encoder.rnn.l1"]).keys() == {"h", "c", "i", "f", "g", "o"}


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        ("encoder.rnn.l0", {"encoder.rnn.l0": "hcifgo"}),
        (["encoder.rnn.l0.f", "*.l1.c"], {"encoder.rnn.l0": "f", "encoder.rnn.l1": "c"}),
        ("*.f", {"encoder.rnn.l0": "f", "encoder.rnn.l1": "f"}),
    ],
)
def test_names_select_what_is_kept(names, kept):
    model, x = Tagger("LSTM", num_layers=2).double(), data(7, 4, 3)
    with carousel.record(model) as whole:
        loss_of(model(x)).backward()
    model.zero_grad()
    with carousel.record(model, names) as tape:
        loss_of(model(x)).backward()
    assert {site: "".join(track) for site, track in tape.items()} == kept
    for site, track in tape.items():
        for name in track:
            assert torch.equal(track[name], whole[site][name])
            assert torch.equal(track.grad[name], whole[site].grad[name])


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("kernel", ["numba", "reference"])
@pytest.mark.parametrize("lengths", [None, [20, 3, 11, 7]])
def test_every_keeps_every_kth_step(kind, kernel, lengths):
    net = getattr(carousel, kind)(3, 5, bidirectional=True, kernel=kernel, dtype=torch.float64)
    tapes = []
    for every in (1, 3):
        with carousel.record(net, every=every) as tape:
            loss_of(net(data(20, 4, 3), lengths=lengths)).backward()
        tapes.append(tape)
    whole, part = tapes
    for site in whole:
        for name in whole[site]:
            torch.testing.assert_close(part[site][name], whole[site][name][::3], equal_nan=True)
            torch.testing.assert_close(part[site].grad[name], whole[site].grad[name][::3], equal_nan=True)


def test_every_for_cells_counts_calls():
    model = Stepper("LSTM")
    with carousel.record(model, every=4) as tape:
        loss_of(model(data(10, 2, 3, dtype=torch.float32))).backward()
    assert tape["cell"].grad.c.shape == (3, 2, 5)


def test_without_backward_and_without_grad():
    model = Tagger("GRU")
    with carousel.record(model) as tape, torch.no_grad():
        model(data(7, 4, 3, dtype=torch.float32))
    assert tape["encoder.rnn.l0"].z.shape == (7, 4, 5)
    with pytest.raises(NotRecorded, match="backward"):
        _ = tape["encoder.rnn.l0"].grad.h
    with carousel.record(model, gradients=False) as tape:
        loss_of(model(data(7, 4, 3, dtype=torch.float32))).backward()
    with pytest.raises(NotRecorded, match="gradients=True"):
        _ = tape["encoder.rnn.l0"].grad.h


def test_what_is_not_there_says_what_is():
    model = Tagger("GRU")
    with carousel.record(model, "*.z") as tape:
        model(data(7, 4, 3, dtype=torch.float32))
    with pytest.raises(UnknownName, match=r"did you mean 'encoder.rnn.l0'.*print\(tape\)"):
        tape["encoder.rnn.l1"]
    with pytest.raises(NotRecorded, match=r"'r' was not recorded \(kept: z"):
        _ = tape["encoder.rnn.l0"].r
    assert not hasattr(tape["encoder.rnn.l0"], "f")
    with carousel.record(model) as tape:
        pass
    with pytest.raises(NotRecorded, match="did not run"):
        _ = tape["encoder.rnn.l0"].h
    assert "did not run" in str(tape)


def test_the_cell_of_a_tape_is_that_of_the_run():
    net = nn.LSTM(3, 5)
    with carousel.record(net) as tape:
        net(data(7, 4, 3, dtype=torch.float32))[0].sum().backward()
    assert torch.equal(tape.single().cell.weight_hh, net.weight_hh_l0)
    torch.optim.SGD(net.parameters(), 0.1).step()
    with pytest.raises(BadCall, match="weights have been changed"):
        _ = tape.single().cell


BAD = {
    "no recurrent part": (lambda: nn.Linear(2, 2), {}, BadCall, "no recurrent module"),
    "no module": (lambda: 3, {}, BadCall, "torch.nn.Module"),
    "unknown name": (lambda: Tagger("GRU"), {"names": "encoder.rnn.l7"}, UnknownName, "did you mean"),
    "every": (lambda: Tagger("GRU"), {"every": 0}, BadCall, "1, 2"),
    "unknown value to set": (
        lambda: Tagger("GRU"),
        {"interventions": carousel.Set("encoder.rnn.l0.f", 1)},
        UnknownName,
        "l0",
    ),
}


@pytest.mark.parametrize(("make", "options", "error", "says"), BAD.values(), ids=BAD)
def test_mistakes(make, options, error, says):
    with pytest.raises(error, match=says) as caught, carousel.record(make(), **options):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_models_that_run_without_python_are_refused():
    class Own(nn.LSTM):
        def forward(self, x):
            return super().forward(x)

    class Eager(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.own = nn.LSTM(3, 5), Own(3, 5)

        def forward(self, x):
            return self.rnn(x)

    model = Eager()
    with pytest.raises(BadCall, match="_orig_mod"), carousel.record(torch.compile(model)):
        pass
    with pytest.raises(BadCall, match="TorchScript"), carousel.record(torch.jit.script(Tagger("GRU").encoder["rnn"])):
        pass
    with pytest.raises(BadCall, match="forward of its own"), carousel.record(Own(3, 5)):
        pass
    with carousel.record(model) as tape:
        assert list(tape) == ["rnn.l0"]
        assert tape.skipped == {"own": "Own has a forward of its own"}
        with pytest.raises(BadCall, match="being recorded already by this thread"), carousel.record(model.rnn):
            pass
    model.compile()
    with pytest.raises(BadCall, match="compiled in place"), carousel.record(model):
        pass


def test_autocast_is_refused():
    net = nn.LSTM(3, 5)
    with carousel.record(net), torch.autocast("cpu", torch.bfloat16), pytest.raises(BadCall, match="autocast"):
        net(data(6, 2, 3, dtype=torch.float32))

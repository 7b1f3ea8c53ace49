"""The gate probe on networks whose gates are known, and on trained ones; the bits of a linear readout."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.probes.gate_clamps import at_means, informed
from carousel.experiments.probes.gate_signals import auroc, recorded, weight_mass
from carousel.experiments.probes.gates import measure_gates
from carousel.experiments.probes.linear_probe import readable_bits
from carousel.experiments.tasks import task
from carousel.experiments.tasks.base import Batch
from carousel.nn.cells import CELLS


def keeper() -> RecurrentNetwork:
    """An LSTM of 8 units that writes the key, shuts nothing and forgets nothing: i opens at keys, f is open always."""
    cell = CELLS["lstm"](16, 8)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        i, f, g, o = (cell.rows(gate) for gate in "ifgo")
        cell.weight_ih[i, :8], cell.bias_ih[i] = 20.0, -10.0  # open at a key, shut at a distractor
        cell.bias_ih[f], cell.bias_ih[o] = 20.0, 20.0
        cell.weight_ih[g, :8] = 5 * torch.eye(8)
    network = RecurrentNetwork([cell], 8, "last")
    with torch.no_grad():
        network.linear.weight.copy_(10 * torch.eye(8))
        network.linear.bias.zero_()
    return network


def test_a_network_that_keeps_the_key_by_its_input_gate():
    found = measure_gates(keeper(), task("random-recall", 20), 0)
    assert found["auroc_i"] == 1.0
    assert found["auroc_f"] == 0.5  # it does not move
    assert found["clamp_drop_f"] == found["clamp_drop_o"] == 0.0
    assert found["weight_mass"] > 0.999
    assert found["distractor_kl"] < 1e-6 and found["distractor_drop"] == 0.0
    assert found["auroc_ig"] == 1.0
    assert found["key_deletion_drop"] > 0.8
    assert found["selectivity_key_bits"] > 2.9
    assert found["selectivity_noise_bits"] < 0.1
    assert found["selectivity"] > 0.9
    assert found["selectivity_clamped"] > 0.9  # distractors' g is 0, so that no gate is needed
    assert found["clamp_drop_all"] == found["clamp_drop_informed"] == 0.0


def gated_keeper() -> RecurrentNetwork:
    """Distractors are candidates as good as keys: the input gate alone keeps them out."""
    network = keeper()
    with torch.no_grad():
        network.stack[0].weight_ih[network.stack[0].rows("g"), 8:] = 5 * torch.eye(8)
    return network


def test_what_clamped_gates_cost():
    """Held at its mean the input gate writes distractors' g, which is 0 here, and a twentieth of the key's: nothing is
    lost. With a g that answers distractors too, all is, unless the held gate still knows symbol and key."""
    recall = task("random-recall", 20)
    assert measure_gates(keeper(), recall, 0)["clamp_drop_i"] == 0.0
    found = measure_gates(gated_keeper(), recall, 0)
    assert found["clamp_drop_i"] > 0.5
    assert found["clamp_drop_all"] > 0.5
    assert found["selectivity"] > 0.9
    assert found["selectivity"] - found["selectivity_clamped"] > 0.5
    assert found["clamp_drop_informed"] == 0.0


def lstm(seed: int) -> tuple[RecurrentNetwork, Batch]:
    """Two layers whose gates move with everything, and sequences for it."""
    generator = torch.Generator().manual_seed(seed)
    cells = [CELLS["lstm"](16, 5), CELLS["lstm"](5, 5)]
    with torch.no_grad():
        for cell in cells:
            for parameter in cell.parameters():
                parameter.normal_(generator=generator)
    return RecurrentNetwork(cells, 8, "last"), task("random-recall", 6).held_out("test", 200)


def test_clamped_gates_stay_at_their_means_in_every_layer():
    network, batch = lstm(0)
    with torch.no_grad():
        free = recorded(network, batch.x)
        held = recorded(network, batch.x, at_means(free, ("i", "f", "o"))(batch))
    for site in ("l0", "l1"):
        for gate in "ifo":
            assert torch.equal(held[site][gate], free[site][gate].mean((0, 1)).expand_as(held[site][gate]))
        assert not torch.equal(held[site]["g"], free[site]["g"])


def test_informed_gates_follow_the_symbol_and_the_key_so_far():
    network, batch = lstm(1)
    with torch.no_grad():
        free = recorded(network, batch.x)
        held = recorded(network, batch.x, informed(free, ("i", "f", "o"), batch)(batch))
    symbols, keys = batch.x.argmax(-1), batch.key_positions[:, 0]
    situations = {}
    for t, b in itertools.product(range(6), range(200)):
        key_so_far = batch.y[b].item() if keys[b] < t else None
        situations.setdefault((symbols[t, b].item(), key_so_far), []).append((t, b))
    assert len(situations) > 60
    for site, gate in itertools.product(("l0", "l1"), "ifo"):
        for places in situations.values():
            steps, rows = map(list, zip(*places, strict=True))
            here = held[site][gate][steps, rows]
            torch.testing.assert_close(here, free[site][gate][steps, rows].mean(0).expand_as(here))


def test_a_network_that_sees_the_last_symbol_alone_selects_nothing():
    cell = CELLS["rnn"](16, 16)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.weight_ih.copy_(torch.eye(16))
    recall = task("random-recall", 20)
    found = measure_gates(RecurrentNetwork([cell], 8, "last"), recall, 0)
    assert set(found) == {"auroc_saliency", "distractor_drop", "distractor_kl", "key_deletion_drop", "selectivity",
                          "selectivity_key_bits", "selectivity_noise_bits"}  # fmt: skip
    at_last = (recall.held_out("test", 512).key_positions[:, 0] == 19).double().mean().item()
    assert found["auroc_saliency"] == pytest.approx(at_last + (1 - at_last) * 0.5 * 18 / 19)  # all other steps tie at 0
    assert found["selectivity"] < -0.9
    assert found["selectivity_noise_bits"] == pytest.approx(3, abs=0.1)


def test_weight_mass_against_the_loop():
    generator = torch.Generator().manual_seed(0)
    i, f = torch.rand(2, 7, 3, 4, generator=generator, dtype=torch.float64)
    keys = torch.tensor([0, 6, 3])
    c = torch.zeros(7, 3, 4, dtype=torch.float64)  # what of each step is left
    for t in range(7):
        c = c * f[t]
        c[t] = i[t]
    shares = c.mean(-1) / c.mean(-1).sum(0)
    assert weight_mass(i, f, keys) == pytest.approx(shares[keys, torch.arange(3)].mean().item())


@pytest.mark.parametrize("name", ["delayed-recall", "adding", "parity", "temporal-order"])
def test_tasks_without_a_key_at_random_steps_are_not_probed(name):
    asked = task(name, 20)
    network = RecurrentNetwork([CELLS["lstm"](asked.inputs, 4)], asked.outputs, asked.readout)
    assert measure_gates(network, asked, 0) == {}


def test_auroc_against_counting():
    generator = torch.Generator().manual_seed(0)
    signal = torch.randint(5, (9, 30), generator=generator).double()  # with ties
    keys = torch.randint(9, (30,), generator=generator)
    counted = []
    for b, k in enumerate(keys.tolist()):
        others = [signal[t, b] for t in range(9) if t != k]
        counted.append(sum((signal[k, b] > o) + 0.5 * (signal[k, b] == o) for o in others) / 8)
    assert auroc(signal, keys) == pytest.approx(float(sum(counted)) / 30)


@pytest.mark.parametrize("classes", [2, 8])
def test_bits_of_what_is_there_and_of_what_is_not(classes):
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(classes, (2, 1500), generator=generator)
    clean = torch.nn.functional.one_hot(y, classes).float() + 0.01 * torch.randn(2, 1500, classes, generator=generator)
    assert readable_bits(clean[0], y[0], clean[1], y[1]) == pytest.approx(math.log2(classes), abs=0.1)
    noise = torch.randn(2, 1500, 6, generator=generator)
    assert readable_bits(noise[0], y[0], noise[1], y[1]) < 0.02


def test_classes_that_never_occur_change_no_bits():
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(3, (2, 600), generator=generator)
    states = y.unsqueeze(-1) + 0.5 * torch.randn(2, 600, 2, generator=generator)
    bits = readable_bits(states[0], y[0], states[1], y[1])
    assert 0.3 < bits < 1.6
    assert readable_bits(states[0], 5 + 4 * y[0], states[1], 5 + 4 * y[1]) == bits


def test_bits_of_a_noisy_channel_against_its_capacity():
    """A binary symmetric channel that flips one in ten: 1 - H(.1) bits."""
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(2, (2, 20000), generator=generator)
    seen = torch.where(torch.rand(y.shape, generator=generator) < 0.1, 1 - y, y).double().unsqueeze(-1)
    expected = 1 + 0.1 * math.log2(0.1) + 0.9 * math.log2(0.9)
    assert readable_bits(seen[0], y[0], seen[1], y[1]) == pytest.approx(expected, abs=0.02)

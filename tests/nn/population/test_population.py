"""`Population` and `PopulationLinear`: each network is as its own module is, and alone as in company."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import carousel
from carousel.nn.cells import CELLS
from carousel.nn.layers.stack_module import Stack
from tests.support.refused import refused_in_one_line

P, T, B, I, H = 4, 7, 6, 3, 5  # noqa: E741


def seeded(make: Callable[[], nn.Module], count: int = P) -> list[nn.Module]:
    """Networks with weights of their own."""
    generator, found = torch.Generator().manual_seed(0), [make().double() for _ in range(count)]
    with torch.no_grad():
        for parameter in (p for network in found for p in network.parameters()):
            parameter.uniform_(-0.5, 0.5, generator=generator)
    return found


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


FORMS: dict[str, Callable[[], nn.Module]] = {
    "RNN": lambda: carousel.RNN(I, H),
    "RNN, ReLU, no bias": lambda: carousel.RNN(I, H, nonlinearity="relu", bias=False),
    "GRU, both directions": lambda: carousel.GRU(I, H, bidirectional=True),
    "LSTM, two layers, both directions": lambda: carousel.LSTM(I, H, num_layers=2, bidirectional=True),
    "LSTM, layer norm": lambda: carousel.LSTM(I, H, layer_norm=True),
    "torch's LSTM": lambda: nn.LSTM(I, H, num_layers=2),
    "Stack": lambda: Stack([CELLS["lstm-coupled"](I, H), CELLS["lstm-coupled"](H, H)]),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shared", [False, True])
def test_each_network_is_as_its_own_module(form: str, shared: bool) -> None:
    networks = seeded(FORMS[form])
    population, x = carousel.Population(networks), drawn(P, T, B, I)
    x = x[0] if shared else x
    found, final = population(x)
    assert set(population.kernels.values()) == {"numba"}
    found.square().sum().backward()
    for n, network in enumerate(networks):
        output, state = network(x if shared else x[n])
        output.square().sum().backward()
        torch.testing.assert_close(found[n], output, rtol=1e-12, atol=1e-13)
        for one, its in zip(_fields(final), _fields(state), strict=True):
            torch.testing.assert_close(one[n], its, rtol=1e-12, atol=1e-13)
        for name, parameter in network.named_parameters():
            grad = population.get_parameter(population.names[name]).grad
            assert grad is not None
            torch.testing.assert_close(grad[n], parameter.grad, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_states_lengths_and_resets_of_each_its_own(form: str) -> None:
    networks = seeded(FORMS[form])
    population, x = carousel.Population(networks), drawn(P, T, B, I)
    lengths = torch.randint(1, T + 1, (P, B), generator=torch.Generator().manual_seed(2))
    resets = torch.rand(P, T, B, generator=torch.Generator().manual_seed(3)) < 0.3
    _, final = population(x)
    given = final if isinstance(final, Tensor) else tuple(final)
    found, _ = population(x, given, lengths=lengths, resets=resets)
    for n, network in enumerate(networks):
        whole = _carousels(network)
        state = given[n] if isinstance(given, Tensor) else tuple(field[n] for field in given)
        output, _ = whole(x[n], state, lengths=lengths[n], resets=resets[n])
        torch.testing.assert_close(found[n], output, rtol=1e-12, atol=1e-13)


def _carousels(network: nn.Module) -> nn.Module:
    """Of torch's own module, which takes no lengths, ours with its weights."""
    if type(network) is not nn.LSTM:
        return network
    ours = carousel.LSTM(I, H, num_layers=2).double()
    ours.load_state_dict(network.state_dict())
    return ours


def _fields(state: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return (state,) if isinstance(state, Tensor) else tuple(state)


@pytest.mark.parametrize("form", FORMS)
def test_alone_as_in_company_to_the_last_bit(form: str) -> None:
    networks, heads = seeded(FORMS[form], 7), None
    width = carousel.Population(networks)(drawn(1, 1, I))[0].shape[-1]
    heads = seeded(lambda: nn.Linear(width, 2), 7)

    def run(chosen: list[int]) -> list[dict[str, Tensor]]:
        population = carousel.Population([networks[n] for n in chosen]).float()
        readout = carousel.PopulationLinear([heads[n] for n in chosen]).float()
        output = readout(population(drawn(7, T, B, I)[chosen].float())[0])
        output.square().flatten(1).mean(1).sum().backward()
        grads = [p.grad for p in (*population.parameters(), *readout.parameters())]
        return [{"output": output[k]} | {str(n): g[k] for n, g in enumerate(grads)} for k in range(len(chosen))]

    together = run(list(range(7)))
    for chosen in ([0], [6], [5, 2], [3, 2, 1, 0, 4]):
        for n, found in zip(chosen, run(chosen), strict=True):
            assert all(torch.equal(found[name], value) for name, value in together[n].items()), (chosen, n)


def test_tapes_of_each_network_by_layer_and_direction() -> None:
    networks = seeded(FORMS["LSTM, two layers, both directions"])
    population, x = carousel.Population(networks), drawn(P, T, B, I)
    request = carousel.Request(states=True, gates=True, gradients=True)
    output, _, tapes = population(x, keep=request)
    output.sum().backward()
    assert len(tapes) == P
    for n, network in enumerate(networks):
        alone, _, its = network(x[n], keep=request)
        alone.sum().backward()
        assert list(tapes[n]) == list(its) == ["l0", "l0_reverse", "l1", "l1_reverse"]
        for site, tape in its.items():
            torch.testing.assert_close(tapes[n][site].f, tape.f, rtol=1e-12, atol=1e-13)
            torch.testing.assert_close(tapes[n][site].grad.f, tape.grad.f, rtol=1e-11, atol=1e-13)


def test_no_final_state_where_none_is_asked_for() -> None:
    _, final, tapes = carousel.Population(seeded(FORMS["RNN"]))(
        drawn(T, B, I), keep=carousel.Request(final_state=False)
    )
    assert final is None
    assert [*tapes] == [{}] * P


def test_weights_go_in_and_out_under_the_modules_own_names() -> None:
    networks = seeded(FORMS["Stack"])
    population = carousel.Population(networks)
    for n, network in enumerate(networks):
        network.load_state_dict(population.state_dict_of(n))  # strict: every name, and no other
    other = seeded(FORMS["Stack"], P + 1)[-1].state_dict()
    before = [population.state_dict_of(n) for n in range(P)]
    population.load_state_dict_of(2, other)
    for n in range(P):
        expected = other if n == 2 else before[n]
        assert all(torch.equal(value, expected[name]) for name, value in population.state_dict_of(n).items())
    population.state_dict_of(0)["0.weight_ih"].zero_()  # a copy
    assert torch.equal(population.state_dict_of(0)["0.weight_ih"], before[0]["0.weight_ih"])


def test_those_that_are_kept_stay_what_they_were() -> None:
    population, x = carousel.Population(seeded(FORMS["GRU, both directions"])), drawn(P, T, B, I)
    before, _ = population(x)
    assert population.keep_only([2, 0]) is population
    assert len(population) == 2
    after, _ = population(x[[2, 0]])
    assert torch.equal(after, before[[2, 0]])


def test_what_the_compiled_kernel_cannot_run_goes_one_by_one_and_says_so() -> None:
    networks = [network.to(torch.bfloat16) for network in seeded(FORMS["RNN"])]
    population, x = carousel.Population(networks), drawn(P, T, B, I).bfloat16()
    output, _ = population(x)
    assert population.kernels == {"l0": "torch, one by one"}
    assert "bfloat16" in population.runs["l0"].refusals["numba"]
    for n, network in enumerate(networks):
        assert torch.equal(output[n], network(x[n])[0])


def test_a_copy_is_independent() -> None:
    networks = seeded(FORMS["RNN"])
    population = carousel.Population(networks)
    held = copy.deepcopy(population)
    with torch.no_grad():
        networks[0].weight_hh_l0.zero_()
        held.get_parameter("weight_hh_l0").zero_()
    assert population.get_parameter("weight_hh_l0").abs().min() > 0


@pytest.mark.parametrize("lead", [(), (T,), (T, B)])
def test_a_readout_reads_the_last_axis(lead: tuple[int, ...]) -> None:
    heads, x = seeded(lambda: nn.Linear(H, 2)), drawn(P, *lead, H)
    found = carousel.PopulationLinear(heads)(x)
    for n, head in enumerate(heads):
        torch.testing.assert_close(found[n], head(x[n]), rtol=1e-12, atol=1e-13)
    bare = seeded(lambda: nn.Linear(H, 2, bias=False))
    torch.testing.assert_close(carousel.PopulationLinear(bare)(x)[1], bare[1](x[1]), rtol=1e-12, atol=1e-13)


def _one(form: str) -> nn.Module:
    return seeded(FORMS[form], 1)[0]


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "none": (lambda: carousel.Population([]), "there is no network"),
    "a readout": (lambda: carousel.Population([nn.Linear(I, H)]), "fix: readouts: carousel.PopulationLinear"),
    "two kinds": (lambda: carousel.Population([_one("RNN"), _one("Stack")]), "of several cells"),
    "two cells of one shape": (
        lambda: carousel.Population([carousel.RNN(I, H), carousel.RNN(I, H, nonlinearity="relu")]),
        r"got: \['rnn', 'rnn-relu'\]",
    ),
    "two shapes": (lambda: carousel.Population([carousel.RNN(I, H), carousel.RNN(I, 6)]), "network 1 has another"),
    "two types": (lambda: carousel.Population([carousel.RNN(I, H), _one("RNN")]), "several types"),
    "dropout": (lambda: carousel.Population([carousel.RNN(I, H, num_layers=2, dropout=0.5)]), "has no dropout"),
    "recurrent dropout": (lambda: carousel.Population([carousel.RNN(I, H, recurrent_dropout=0.5)]), "has no recur"),
    "projection": (lambda: carousel.Population([carousel.LSTM(I, H, proj_size=2)]), "has no proj_size"),
    "batch first": (lambda: carousel.Population([carousel.RNN(I, H, batch_first=True)]), "fix: give time first"),
    "a forced kernel": (lambda: carousel.Population([carousel.RNN(I, H, kernel="reference")]), "kernel='reference'"),
    "width": (lambda: _two()(drawn(T, B, I + 1)), r"allowed: a tensor \[2, T, B, 3\] or \[T, B, 3\]"),
    "networks": (lambda: _two()(drawn(3, T, B, I)), r"got: \(3, 7, 6, 3\)"),
    "empty": (lambda: _two()(drawn(T, 0, I)), "input does not fit"),
    "no tensor": (lambda: _two()([1.0]), "got: list"),
    "type": (lambda: _two()(drawn(T, B, I).float()), "allowed: torch.float64 on cpu"),
    "lengths of three": (lambda: _two()(drawn(T, B, I), lengths=torch.ones(3, B, dtype=torch.int64)), "one length a"),
    "length 0": (lambda: _two()(drawn(T, B, I), lengths=torch.zeros(2, B, dtype=torch.int64)), "lengths out of range"),
    "length T + 1": (lambda: _two()(drawn(T, B, I), lengths=[T + 1] * B), "lengths out of range"),
    "resets of numbers": (lambda: _two()(drawn(T, B, I), resets=torch.ones(T, B)), "resets are not bool"),
    "resets of three": (lambda: _two()(drawn(T, B, I), resets=torch.ones(3, T, B, dtype=torch.bool)), "do not fit"),
    "state": (lambda: _two()(drawn(T, B, I), drawn(2, 1, B + 1, H)), "initial h has the wrong shape"),
    "state's type": (lambda: _two()(drawn(T, B, I), drawn(2, 1, B, H).float()), "initial h and the weights differ"),
    "half a state": (lambda: carousel.Population([nn.LSTM(I, H)])(drawn(T, B, I).float(), drawn(1, 1, B, H).float()),
                     "initial state is not complete"),
    "keep none": (lambda: _two().keep_only([]), "allowed: one or more of 0 .. 1"),
    "keep a stranger": (lambda: _two().keep_only([2]), "these networks cannot be kept"),
    "other weights": (lambda: _two().load_state_dict_of(0, {"weight": drawn(H)}), "the weights do not fit"),
    "a readout of layers": (lambda: carousel.PopulationLinear([carousel.RNN(I, H)]), "takes torch.nn.Linear"),
    "readout's input": (lambda: carousel.PopulationLinear([nn.Linear(H, 2)])(drawn(2, B, H).float()), "does not fit"),
}  # fmt: skip


def _two() -> carousel.Population:
    return carousel.Population(seeded(FORMS["RNN"], 2))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line(mistake: str) -> None:
    refused_in_one_line(*MISTAKES[mistake])

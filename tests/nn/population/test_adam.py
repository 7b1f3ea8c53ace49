"""`PopulationAdam`: torch's Adam and clipping for each network, and for each as if it were alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor, nn

import carousel
from tests.support.refused import refused_in_one_line

RATES = (0.001, 0.01, 0.05, 0.2, 0.003)
P, T, B, I, H = len(RATES), 6, 8, 3, 5  # noqa: E741


def made(dtype: torch.dtype) -> tuple[list[nn.Module], list[nn.Module]]:
    generator = torch.Generator().manual_seed(0)
    networks: list[nn.Module] = [carousel.GRU(I, H).to(dtype) for _ in range(P)]
    heads: list[nn.Module] = [nn.Linear(H, 2).to(dtype) for _ in range(P)]
    with torch.no_grad():
        for parameter in (p for module in (*networks, *heads) for p in module.parameters()):
            parameter.uniform_(-0.5, 0.5, generator=generator)
    return networks, heads


def batches(steps: int, dtype: torch.dtype) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(T, B, I, generator=generator, dtype=dtype) for _ in range(steps)]


def losses(output: Tensor, x: Tensor) -> Tensor:
    """[P] from [P, B, 2], or a number from [B, 2]; large enough that the clipping takes hold."""
    return 30 * (output - x[0, :, :2]).square().mean((-1, -2))


def by_torch(n: int, steps: int, clip: float | None) -> tuple[list[float], list[Tensor]]:
    networks, heads = made(torch.float64)
    parameters = [*networks[n].parameters(), *heads[n].parameters()]
    adam, norms = torch.optim.Adam(parameters, lr=RATES[n]), []
    for x in batches(steps, torch.float64):
        adam.zero_grad()
        losses(heads[n](networks[n](x)[0][-1]), x).backward()
        norms.append(torch.nn.utils.clip_grad_norm_(parameters, clip or torch.inf).item())
        adam.step()
    return norms, [p.detach() for p in parameters]


def together(
    chosen: Sequence[int],
    steps: int,
    clip: float | None,
    dtype: torch.dtype,
    leaving: dict[int, list[int]] | None = None,
) -> dict[int, tuple[list[float], list[Tensor]]]:
    """Norms and weights of each network by its number; leaving: who leaves before a step, by number."""
    networks, heads = made(dtype)
    left, found = list(chosen), {n: ([], []) for n in chosen}
    population = carousel.Population([networks[n] for n in left])
    readout = carousel.PopulationLinear([heads[n] for n in left])
    adam = carousel.PopulationAdam([population, readout], [RATES[n] for n in left], clip_norm=clip)

    def note() -> None:
        for k, n in enumerate(left):
            held = (*population.state_dict_of(k).values(), *readout.state_dict_of(k).values())
            found[n][1][:] = held

    for step, x in enumerate(batches(steps, dtype)):
        if leaving and step in leaving:
            note()
            adam.keep_only([k for k, n in enumerate(left) if n not in leaving[step]])
            left = [n for n in left if n not in leaving[step]]
        adam.zero_grad()
        losses(readout(population(x)[0][:, -1]), x).sum().backward()
        for n, norm in zip(left, adam.step().tolist(), strict=True):
            found[n][0].append(norm)
    note()
    return found


@pytest.fixture(params=["compiled", "on card"])
def step(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU's step runs anywhere: here in place of the compiled one."""
    if request.param == "on card":
        monkeypatch.setattr(carousel.PopulationAdam, "_compiled", carousel.PopulationAdam._on_card)


@pytest.mark.usefixtures("step")
@pytest.mark.parametrize("clip", [None, 1.0])
def test_each_is_trained_as_torch_trains_it(clip: float | None) -> None:
    found = together(range(P), 30, clip, torch.float64)
    clipped = 0
    for n, (norms, weights) in found.items():
        expected_norms, expected = by_torch(n, 30, clip)
        assert norms == pytest.approx(expected_norms, rel=1e-9)
        clipped += sum(norm > 1 for norm in norms)
        for one, its in zip(weights, expected, strict=True):
            torch.testing.assert_close(one, its, rtol=1e-9, atol=1e-11)
    assert clipped > 50


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_who_else_is_trained_changes_no_bit(dtype: torch.dtype) -> None:
    whole = together(range(P), 12, 1.0, dtype)
    leaving = {3: [1], 7: [0, 4]}
    for found in (*(together([n], 12, 1.0, dtype) for n in range(P)), together([4, 2], 12, 1.0, dtype)):
        _same(found, whole)
    partly = together(range(P), 12, 1.0, dtype, leaving)
    _same({n: partly[n] for n in (2, 3)}, whole)
    for at, gone in leaving.items():
        cut = together(gone, at, 1.0, dtype)
        _same({n: partly[n] for n in gone}, cut)


def _same(found: dict, expected: dict) -> None:
    for n, (norms, weights) in found.items():
        assert norms == expected[n][0]
        assert all(torch.equal(a, b) for a, b in zip(weights, expected[n][1], strict=True)), n


def test_a_network_without_a_finite_norm_or_not_asked_for_is_left_as_it_is() -> None:
    networks, heads = made(torch.float32)
    population, readout = carousel.Population(networks), carousel.PopulationLinear(heads)
    adam = carousel.PopulationAdam([population, readout], RATES, clip_norm=1.0)
    before = [population.state_dict_of(n) for n in range(P)]
    (x,) = batches(1, torch.float32)
    scale = torch.tensor([1.0, torch.nan, 1.0, torch.inf, 1.0])
    (losses(readout(population(x)[0][:, -1]), x) * scale).sum().backward()
    norms = adam.step(torch.tensor([True, True, False, True, True]))
    assert norms.isfinite().tolist() == [True, False, True, False, True]
    for n, changed in enumerate([True, False, False, False, True]):
        now = population.state_dict_of(n)
        assert any(not torch.equal(now[name], value) for name, value in before[n].items()) == changed
    # its count of steps stood still too: the next step is a first one
    _, weights = together([2], 1, 1.0, torch.float32)[2]
    adam.zero_grad()
    losses(readout(population(x)[0][:, -1]), x).sum().backward()
    adam.step()
    for name, value in zip(population.names, weights, strict=False):
        assert torch.equal(population.state_dict_of(2)[name], value)


def test_a_parameter_that_no_loss_reaches_stays() -> None:
    networks, heads = made(torch.float32)
    population, readout = carousel.Population(networks), carousel.PopulationLinear(heads)
    adam, before = carousel.PopulationAdam([population, readout]), readout.state_dict_of(0)
    population(batches(1, torch.float32)[0])[0].sum().backward()
    adam.step()
    assert all(torch.equal(value, before[name]) for name, value in readout.state_dict_of(0).items())


def _adam(**options) -> carousel.PopulationAdam:
    return carousel.PopulationAdam([carousel.Population(made(torch.float32)[0])], **options)


def _mixed() -> carousel.PopulationAdam:
    networks, heads = made(torch.float32)
    return carousel.PopulationAdam([carousel.Population(networks), carousel.PopulationLinear(heads).double()])


def _changed(change: Callable[[carousel.Population], object]) -> Tensor:
    population = carousel.Population(made(torch.float32)[0])
    adam = carousel.PopulationAdam([population])
    change(population)
    return adam.step()


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "no module": (lambda: carousel.PopulationAdam([]), "modules of one population"),
    "two sizes": (lambda: carousel.PopulationAdam([carousel.Population(made(torch.float32)[0]),
                                                   carousel.PopulationLinear([nn.Linear(H, 2)])]), r"got: \[1, 5\]"),
    "three rates": (lambda: _adam(lr=[0.1] * 3), "5 positive numbers"),
    "rate 0": (lambda: _adam(lr=0.0), "5 positive numbers"),
    "rate nan": (lambda: _adam(lr=float("nan")), "5 positive numbers"),
    "clip 0": (lambda: _adam(clip_norm=0.0), "clip_norm is not positive"),
    "two types": (_mixed, "cannot train these weights"),
    "left without it": (lambda: _changed(lambda population: population.keep_only([0])), "have changed since"),
    "type changed": (lambda: _changed(lambda population: population.double()), "have changed since"),
    "update of two": (lambda: _adam().step(torch.ones(2, dtype=torch.bool)), r"torch.bool \[5\]"),
    "update of numbers": (lambda: _adam().step(torch.ones(P)), "update does not fit"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line(mistake: str) -> None:
    refused_in_one_line(*MISTAKES[mistake])

"""Associative recall and time scales against a plain reading."""

from __future__ import annotations

import pytest
import torch

from carousel.experiments.tasks import task


def drawn(made, n=300, seed=0):
    return made.sample(torch.Generator().manual_seed(seed), n)


@pytest.mark.parametrize(("length", "pairs"), [(8, 2), (11, 2), (30, 7), (32, 8), (33, 8), (100, 8)])
def test_mqar_asks_for_each_key_once(length, pairs):
    batch = drawn(task("mqar", length), n=100)
    symbols = batch.x.argmax(dim=2)
    for b in range(100):
        seen = symbols[: batch.lengths[b], b].tolist()
        keys, values = seen[0 : 2 * pairs : 2], seen[1 : 2 * pairs : 2]
        assert len(set(keys)) == len(set(values)) == pairs
        assert all(1 <= k <= 8 for k in keys)
        assert all(9 <= v <= 16 for v in values)
        belongs = dict(zip(keys, values, strict=True))
        later = seen[2 * pairs :]
        assert sorted(s for s in later if s) == sorted(keys)
        assert not any(later[1::2])  # at every other step, as in the source
        expected = [-100] * 2 * pairs + [belongs[s] - 9 if s else -100 for s in later]
        assert batch.y[: len(seen), b].tolist() == expected
        assert seen[-1] in keys
    assert (batch.y >= 0).sum().item() == 100 * pairs
    assert batch.key_positions.shape == (100, 2 * pairs)


def test_mqar_asks_early_rather_than_late():
    asked = (drawn(task("mqar", 100), n=4000).y >= 0).sum(dim=1)[16::2]
    assert len(asked) == 42
    assert asked[0] > 3 * asked[-1]
    assert asked[-1] > 0


def test_mqar_is_not_solved_by_the_values_alone():
    made = task("mqar", 13)
    batch = drawn(made, n=4000)
    values = batch.x[1:6:2, :, 9:].sum(dim=0)  # which values there are, not whose
    guess = values + 0.1 * torch.rand(13, 4000, 8, generator=torch.Generator().manual_seed(1))
    assert made.pairs == 3
    assert made.score(guess, batch) == pytest.approx(1 / 3, abs=0.03)


def test_time_scales_sum_moving_averages():
    batch = drawn(task("time-scales", 40), n=5)
    x = batch.x[:, :, 0].double()
    averages, total = {2: 0.0, 8: 0.0, 32: 0.0}, []
    for t in range(40):
        averages = {s: (1 - 1 / s) * e + x[t] / s for s, e in averages.items()}
        total.append(sum(e * (2 * s - 1) ** 0.5 for s, e in averages.items()))  # to deviation 1 in the long run
    ratio = (batch.y[:, :, 0].double() / torch.stack(total)).flatten()
    torch.testing.assert_close(ratio, ratio[:1].expand(200), rtol=1e-3, atol=0.0)


def test_time_scales_have_deviation_one_in_the_long_run():
    assert drawn(task("time-scales", 400), n=2000).y[-1].std().item() == pytest.approx(1, abs=0.05)


def test_time_scales_are_the_same_function_at_every_length():
    short, long = drawn(task("time-scales", 10), n=40), drawn(task("time-scales", 300), n=40)
    torch.testing.assert_close(_impulse(short), _impulse(long), rtol=1e-4, atol=1e-5)


def _impulse(batch, lags=10):
    """The weight of each lag, solved for from the step that sees just so many inputs."""
    past = batch.x[:lags, :, 0].flip(0).T.double()
    return torch.linalg.lstsq(past, batch.y[lags - 1].double()).solution


def test_time_scales_need_the_slow_average():
    made = task("time-scales", 100)
    batch = drawn(made, n=400)
    inputs = batch.x[:, :, 0].double()
    features = []
    for s in (2, 8):
        e, path = torch.zeros(400, dtype=torch.float64), []
        for t in range(100):
            e = (1 - 1 / s) * e + inputs[t] / s
            path.append(e)
        features.append(torch.stack(path).flatten())
    two = torch.stack(features, dim=1)
    y = batch.y.double().flatten(0, 1)
    best = (two @ torch.linalg.lstsq(two, y).solution).view(100, 400, 1)
    assert made.score(best, batch) < made.metric.solved_threshold - 0.02

"""Modular counting, permutations, a^n b^n and nested brackets against a plain reading, a symbol at a time."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
import torch

from carousel.common.errors import BadPlan
from carousel.experiments.tasks import task
from carousel.experiments.tasks.nested_brackets import NestedBrackets


def drawn(made, n=300, seed=0):
    return made.sample(torch.Generator().manual_seed(seed), n)


def strings(batch):
    """The true symbols of each sequence, as lists of numbers."""
    count = batch.x.shape[1]
    lengths = [len(batch.x)] * count if batch.lengths is None else batch.lengths.tolist()
    return [batch.x[:length, b].argmax(dim=1).tolist() for b, length in enumerate(lengths)]


def test_modular_counting_walks_around_a_cycle():
    batch = drawn(task("modular-counting", 9))
    for symbols, y in zip(strings(batch), batch.y.tolist(), strict=True):
        place = 0
        for symbol in symbols:
            place = (place + {0: -1, 1: 0, 2: 1}[symbol]) % 5
        assert place == y
    assert set(batch.lengths.tolist()) == set(range(1, 10))


def test_modular_counting_knows_its_base_rate():
    walks = [walk for length in (1, 2, 3, 4) for walk in itertools.product((-1, 0, 1), repeat=length)]
    share = sum(3.0 ** -len(walk) / 4 for walk in walks if sum(walk) % 5 == 0)
    assert task("modular-counting", 4).metric.chance == pytest.approx(share)


def test_permutations_move_the_first_thing():
    batch = drawn(task("permutations", 7))
    matrices = batch.x.view(7, 300, 5, 5)
    assert torch.equal(matrices.sum(dim=2), torch.ones(7, 300, 5))
    assert torch.equal(matrices.sum(dim=3), torch.ones(7, 300, 5))
    for b in range(300):
        things = [1, 0, 0, 0, 0]  # what lies at each place; the first thing is the 1
        for t in range(7):
            moved = [0] * 5
            for place, thing in enumerate(things):
                moved[int(matrices[t, b, place].argmax())] = thing
            things = moved
            assert batch.y[t, b] == things.index(1)


def test_permutations_are_all_of_s5_equally_often():
    batch = drawn(task("permutations", 2), n=12_000)
    seen = Counter(tuple(row) for row in batch.x[1].view(-1, 5, 5).argmax(dim=2).tolist())
    assert len(seen) == 120
    assert max(seen.values()) < 160  # 100 expected, deviation 10
    assert torch.bincount(batch.y[-1]).min() > 2200


def test_permutations_score_the_last_step_alone():
    made = task("permutations", 5)
    batch = drawn(made)
    right = torch.nn.functional.one_hot(batch.y, 5).float()
    assert made.score(right, batch) == 1.0
    early = right.clone()
    early[:-1] = -early[:-1]
    assert made.score(early, batch) == 1.0
    assert made.score(-right, batch) == 0.0


@pytest.mark.parametrize("length", [8, 9, 30])
def test_anbn_ends_when_the_counts_agree(length):
    batch = drawn(task("anbn", length))
    for b, symbols in enumerate(strings(batch)):
        text = "".join("ab"[s] for s in symbols)
        n = len(text) // 2
        assert text == "a" * n + "b" * n
        assert length / 4 < n <= length / 2
        expected = [None] * n + ["b"] * (n - 1) + ["end"]
        asked = [{0: "b", 1: "end"}.get(y) for y in batch.y[: 2 * n, b].tolist()]
        assert asked == expected
        assert (batch.y[2 * n :, b] < 0).all()


def test_anbn_of_twice_the_length_holds_no_count_seen():
    shorter, longer = (set((drawn(task("anbn", T)).lengths // 2).tolist()) for T in (20, 40))
    assert shorter == set(range(6, 11))
    assert longer == set(range(11, 21))


def test_anbn_one_mistake_spoils_a_string():
    made = task("anbn", 12)
    batch = drawn(made, n=2)
    output = torch.nn.functional.one_hot(batch.y.clamp(min=0), 2).float()
    assert made.score(output, batch) == 1.0
    output[int(batch.lengths[0]) - 2, 0] *= -1
    assert made.score(output, batch) == 0.5
    output[0, 1] *= -1  # nothing is asked at an a
    assert made.score(output, batch) == 0.5


@pytest.mark.parametrize("depth", [2, 4, 6])
def test_nested_brackets_close_what_is_open(depth):
    made = NestedBrackets(31, depth)
    batch = drawn(made)
    scored, deepest = made.scored(batch), 0
    for b, symbols in enumerate(strings(batch)):
        open_ = []
        for t, symbol in enumerate(symbols):
            if symbol < 4:
                open_.append((symbol, t))
            else:
                assert open_.pop()[0] == symbol - 4
            assert open_[-1][0] == batch.y[t, b]
            assert scored[t, b] == (symbol >= 4)
            deepest = max(deepest, len(open_))
        assert batch.key_positions[b].tolist() == [open_[-1][1]]
    assert deepest == depth


def test_nested_brackets_open_and_close_by_a_fair_coin():
    batch = drawn(task("nested-brackets", 8), n=8000)
    opens = (batch.x[..., :4].sum(dim=2) > 0).int()
    paths = Counter(tuple(column) for column in opens.T[:, :4].tolist())
    # from depth 1 the second must open; then a coin; then again one, but at depth 1 there is no choice
    assert set(paths) == {(1, 1, 1, 1), (1, 1, 1, 0), (1, 1, 0, 1)}
    assert paths[1, 1, 0, 1] == pytest.approx(4000, abs=200)
    assert paths[1, 1, 1, 1] == pytest.approx(2000, abs=200)


@pytest.mark.parametrize("depth", [1, 6])
def test_nested_brackets_refuse_a_depth_that_does_not_fit(depth):
    with pytest.raises(BadPlan, match=rf"allowed: depth 2 to 5; got: depth {depth}; fix: .*at least {2 * depth}"):
        NestedBrackets(10, depth)

"""A tape, a track of it, one call's values and their derivatives are Mappings, with all that goes with that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch

import carousel
from carousel.common.errors import CarouselError, NotRecorded, UnknownName

VALUES = ["h", "c", "i", "f", "g", "o"]


def recorded() -> Any:
    net = carousel.LSTM(3, 4, num_layers=2)
    with carousel.record(net) as tape:
        net(torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(0)))[0].sum().backward()
    return tape


MAPPINGS = {
    "model": (recorded, ["l0", "l1"]),
    "track": (lambda: recorded()["l0"], VALUES),
    "call": (lambda: recorded()["l1"].single(), VALUES),
    "derivatives": (lambda: recorded()["l1"].grad, VALUES),
    "kept": (
        lambda: carousel.LSTM(3, 4)(torch.zeros(5, 2, 3), keep=carousel.Request(states=True, gates=True))[2]["l0"],
        VALUES,
    ),
}


@pytest.mark.parametrize("name", MAPPINGS)
def test_the_contract_of_a_mapping(name: str) -> None:
    make, expected = MAPPINGS[name]
    mapping = make()
    assert isinstance(mapping, Mapping)
    assert list(mapping) == list(mapping.keys()) == expected
    assert len(mapping) == len(mapping.values()) == len(mapping.items()) == len(expected)
    assert "x" not in mapping and 7 not in mapping and all(key in mapping for key in expected)
    assert mapping.get("x") is None and mapping.get("x", 7) == 7
    for key, value in mapping.items():
        assert type(value) is type(mapping[key]) is type(mapping.get(key))
    with pytest.raises(KeyError) as missing:
        mapping["x"]
    assert isinstance(missing.value, CarouselError) and not str(missing.value).startswith('"')
    assert mapping == mapping and mapping != make() and len({mapping, mapping}) == 1


def test_a_miss_says_what_there_is() -> None:
    tape = recorded()
    with pytest.raises(UnknownName, match="did you mean 'l1'"):
        tape["10"]
    with pytest.raises(NotRecorded, match=r"'x' was not recorded \(kept: h, c, i, f, g, o\)"):
        tape["l0"]["x"]
    assert not hasattr(tape["l0"], "x") and hasattr(tape["l0"], "f")

"""Mutated inputs of every kind: each is accepted or refused in one line, within limits of time and memory.

The kinds share one process, which makes their base files once. `python scripts/fuzz.py` tries as many as it is told
to, and so does this file with CAROUSEL_FUZZ_INPUTS, a number for each kind.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from carousel.common.errors import UserError
from tests.fuzz import campaign as campaign_module
from tests.fuzz.campaign import Campaign
from tests.fuzz.kinds import KINDS
from tests.fuzz.kinds.planted import PLANTED

INPUTS = int(os.environ.get("CAROUSEL_FUZZ_INPUTS", "250"))
WORDS = {"planted-abort": "abort", "planted-hang": "hang"}


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    with Campaign() as begun:
        yield begun


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_mutated_inputs(campaign: Campaign, kind: str) -> None:
    outcomes = list(campaign.outcomes(kind, 0, range(INPUTS)))
    found = [f"{o.name} {o.word} {o.seconds:.1f} s {o.peak / 1e6:.0f} MB: {o.line}" for o in outcomes if not o.sound]
    assert found == []
    assert {"accepted", "refused"} <= {outcome.word for outcome in outcomes}  # both ways are taken


@pytest.mark.slow
@pytest.mark.parametrize("kind", PLANTED)
def test_what_is_neither_is_found(campaign: Campaign, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign_module, "WAITS", 1.5)
    list(campaign.outcomes("contenders", 0, [0]))  # so that the process has begun
    (outcome,) = campaign.outcomes(kind, 0, [0])
    assert outcome.word == WORDS.get(kind, "traceback") and not outcome.sound


def test_an_input_follows_from_its_name(tmp_path: Path) -> None:
    first, again = (npz_of(tmp_path / name) for name in "ab")
    assert first == again


def npz_of(folder: Path) -> bytes:
    folder.mkdir()
    with contextlib.suppress(UserError):
        KINDS["npz"](Random("npz 0 3"), folder)
    return (folder / "a.npz").read_bytes()

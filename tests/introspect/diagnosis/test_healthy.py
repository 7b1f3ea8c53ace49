"""Sound models: a finding in any of them, of whatever severity, is a false alarm."""

from __future__ import annotations

import pytest
import torch

import carousel

from .healthy import CASES


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", CASES)
def test_nothing_is_found_in_a_sound_model(name, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        case = CASES[name]()
        found = carousel.diagnose(case.model, case.batch, case.loss_fn, **case.known)
    assert [f"{f.symptom}: {f.evidence}" for f in found] == []
    assert found.report("en") and found.report("zh")

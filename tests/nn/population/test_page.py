"""The examples of docs/populations.md, run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

PAGE = Path(__file__).resolve().parents[3] / "docs" / "populations.md"


@pytest.mark.slow
def test_the_sweep_and_the_ensemble(capsys: pytest.CaptureFixture[str]) -> None:
    sweep, ensemble = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    threads, names = torch.get_num_threads(), dict[str, Any]()
    with torch.random.fork_rng():
        try:
            exec(sweep, names)
            left = len(names["rates"])
            assert left == len(names["population"]) == 1  # six, three, one
            with torch.no_grad():
                x, y = names["batch"](512)
                alone = (names["head"](names["network"](x)[0][-1]) - y).square().mean()
            assert alone < y.var() / 4  # the error of the best constant is y.var()
            assert f"learning rate {names['rates'][0]}: loss " in capsys.readouterr().out
            exec(ensemble, names)
        finally:
            torch.set_num_threads(threads)
    assert names["error_of_the_mean"] < names["mean_error"] < names["y"].var() / 2

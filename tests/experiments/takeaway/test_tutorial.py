"""The walk of docs/take-away-tutorial.md, block by block: three runtimes give what `carousel predict` gave.

The comparison alone is shorter than the page's: one network, few steps.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carousel.cli.app import app
from carousel.experiments.data import DataOptions
from tests.support.plans import ComparisonRequest, make_plan
from tests.support.taken import finished

PAGE = Path(__file__).resolve().parents[3] / "docs" / "take-away-tutorial.md"


def compare(file: str, **options: str) -> None:
    """`carousel compare`, shortened."""
    roles = {name: options.pop(name) for name in ("target", "group", "order")}
    data = DataOptions(**roles)  # type: ignore[arg-type]
    asked = ComparisonRequest((file,), parameters=int(options["parameters"]), data=data)
    assert len(make_plan(asked).plan.specs) == 5  # the page's own, planned
    request = ComparisonRequest((file,), "gru", parameters=int(options["parameters"]), claims=("gates",),
                                data=data)  # fmt: skip
    finished(request, Path(options["out"]), steps=20)


def shell(text: str) -> None:
    """Lines of a shell; the command itself is called in this process."""
    for line in text.splitlines():
        if line.startswith("carousel"):
            _, command, file, *given = shlex.split(line)
            if command == "compare":
                compare(file, **dict(zip((name[2:] for name in given[::2]), given[1::2], strict=True)))
            else:
                assert not app([command, file, *given], prog_name="carousel", standalone_mode=False)
    others = [line for line in text.splitlines() if not line.startswith("carousel")]
    subprocess.run(["bash", "-e", "-c", "\n".join(others)], check=True, timeout=120)


@pytest.mark.slow
def test_three_runtimes_answer_as_predict_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    held: dict[str, Any] = {}
    blocks = re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert [kind for kind, _ in blocks].count("python") == 6
    for kind, block in blocks:
        if kind == "python":
            exec(block, held)
        elif kind == "c":
            Path("main.c").write_text(block)
        else:
            shell(block)
    predicted = held["predicted"]
    assert np.ptp(predicted) > 1 and predicted.shape == (20,)
    exact, fixed = 1e-5 * np.abs(predicted).max(), 1e-3 * held["scaling"]["unit"][0]
    for name, most in (("by_onnx", exact), ("by_c", exact), ("by_verilog", fixed)):
        assert np.abs(held[name] - predicted).max() < most, name

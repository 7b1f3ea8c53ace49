"""`python -m benchmarks.cluster.command SETTINGS ARGUMENTS`: `carousel ARGUMENTS` with what a benchmark changes.

SETTINGS, as JSON: do (what does the jobs on nodes, as "module:function"), wait (seconds for a lost cluster), trace (a
file for what nodes say: a line a message, and whether its task still held its jobs)."""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from carousel.cli.app import main
from carousel.experiments.runner.cluster import bridge, ray_engine
from carousel.experiments.runner.cluster.dispatcher import Dispatcher
from carousel.experiments.runner.cluster.messages import Beat, Message


def _trace(path: Path) -> None:
    take, began = Dispatcher._take, time.monotonic()

    def traced(self: Dispatcher, number: int, message: Message) -> None:
        if number and not isinstance(message, Beat):
            about: dict[str, Any] = {"lease": number, "held": number in self._leases, "said": type(message).__name__}
            about |= {name: getattr(message, name) for name in ("by", "error", "node") if hasattr(message, name)}
            with path.open("a") as lines:
                lines.write(json.dumps({"at": round(time.monotonic() - began, 1), **about}) + "\n")
        take(self, number, message)

    Dispatcher._take = traced  # type: ignore[method-assign]


if __name__ == "__main__":
    settings = json.loads(sys.argv.pop(1))
    bridge._WAIT_FOR_IT = settings.get("wait", bridge._WAIT_FOR_IT)
    if "do" in settings:
        ray_engine.RayEngine = partial(ray_engine.RayEngine, do=settings["do"])  # type: ignore[misc,assignment]
    if "trace" in settings:
        _trace(Path(settings["trace"]))
    main()

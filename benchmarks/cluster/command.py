"""`python -m benchmarks.cluster.command SETTINGS ARGUMENTS`: `carousel ARGUMENTS` with what a benchmark changes.

SETTINGS, as JSON: do (what does the jobs on nodes, as "module:function"), wait (seconds for a lost cluster), trace (a
file for what nodes say: a line a message, and whether its task still held its jobs), analyses (1: it ends after the
first)."""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from carousel.cli.app import main
from carousel.experiments.finalise import InterimAnalysis
from carousel.experiments.runner.cluster import bridge, ray_engine
from carousel.experiments.runner.cluster.dispatcher import Dispatcher
from carousel.experiments.runner.cluster.messages import Beat, Message
from carousel.experiments.runner.plan import Group


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


def _end_after_the_first_analysis() -> None:
    ordinary = InterimAnalysis.more_seeds

    def none(self: InterimAnalysis) -> dict[Group, int]:
        ordinary(self)  # it judges
        return {}

    InterimAnalysis.more_seeds = none  # type: ignore[method-assign]


if __name__ == "__main__":
    settings = json.loads(sys.argv.pop(1))
    bridge._WAIT_FOR_IT = settings.get("wait", bridge._WAIT_FOR_IT)
    if "do" in settings:
        ray_engine.RayEngine = partial(ray_engine.RayEngine, do=settings["do"])  # type: ignore[misc,assignment]
    if "trace" in settings:
        _trace(Path(settings["trace"]))
    if settings.get("analyses") == 1:
        _end_after_the_first_analysis()
    main()

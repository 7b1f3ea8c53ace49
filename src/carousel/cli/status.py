"""`carousel status`: how far a comparison is, from another shell."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

from carousel.cli.console import Console
from carousel.experiments.progress import duration
from carousel.experiments.status import Status, status_of


def status(folder: Path, as_json: bool, lang: str) -> None:
    """Print it, some lines for people or an object."""
    console = Console(lang, quiet=as_json)
    found, now = status_of(folder), time.time()
    if as_json:
        sign = None if found.sign is None else found.sign.model_dump(mode="json")
        console.json({"folder": str(folder), **asdict(found), "sign": sign})
    else:
        _print(console, folder, found, now)


def _print(console: Console, folder: Path, found: Status, now: float) -> None:
    quiet = duration(max(0.0, now - found.sign.at)) if found.sign else ""
    console.say(f"cluster.status.{found.state}", folder=folder, quiet=quiet)
    console.say("cluster.status.jobs", **found.counts, expected=found.expected)
    if found.seconds_left is not None:
        console.say("cluster.status.left", left=duration(found.seconds_left))
    if found.best is not None:
        console.say("cluster.status.best", **found.best)
    for name, slots in found.nodes.items():
        console.say("cluster.status.node", name=name, slots=slots)
    for name, services in found.left_out.items():
        console.say("cluster.status.left_out", node=name, services=services)
    if found.last_finished is None:
        console.say("cluster.status.unmoved")
    else:
        console.say("cluster.status.moved", ago=duration(max(0.0, now - found.last_finished)))

"""What Ray runs on a node: functions that it finds there by their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

import ray

from carousel.experiments.runner.cluster.messages import Bundle, Message, Started
from carousel.experiments.runner.cluster.node import work
from carousel.experiments.runner.machine import versions


def look() -> dict[str, str]:
    """The versions of this node."""
    return versions()


def run_bundle(
    bundle: Mapping[str, Any], inputs: Mapping[str, ray.ObjectRef], do: str, share: float
) -> Iterator[Message]:
    """Do a bundle. inputs: references to the files of the run folder, by path. do: "module:function" that does jobs.
    share: of a GPU that Ray holds for it.

    Only those inputs are fetched that this process has not had."""
    module, _, function = do.partition(":")
    doing = getattr(import_module(module), function)
    for message in work(Bundle(**bundle), lambda path: ray.get(inputs[path]), doing, share):
        yield replace(message, place=_place()) if isinstance(message, Started) else message


def _place() -> str:
    return str(ray.get_runtime_context().get_node_id())

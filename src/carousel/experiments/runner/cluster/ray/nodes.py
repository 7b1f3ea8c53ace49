"""The nodes of a cluster as Ray knows them: which live, what they can do at once, and which versions they have."""

from __future__ import annotations

import time
from collections.abc import Container, Iterator, Mapping
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from carousel.experiments.runner.cluster.messages import Lost, Message, Started
from carousel.experiments.runner.cluster.ray.task import look

_LOOKING = 150.0  # seconds that a node may take to say which versions it has


def look_at_nodes() -> Iterator[tuple[int, Message]]:
    """The versions of every node, as the first message of a task would tell them."""
    names = {node["NodeID"]: _name(node) for node in _living()}
    asked = {
        name: ray.remote(num_cpus=0, max_retries=2)(look).options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(number, soft=False)
        ).remote()
        for number, name in names.items()
    }  # fmt: skip
    until = time.monotonic() + _LOOKING
    for name, reference in asked.items():
        try:
            yield 0, Started(name, 0, ray.get(reference, timeout=max(1.0, until - time.monotonic())))
        except RayTaskError as error:
            yield 0, Lost("error", f"{name}: {last_line(error)}")
        except GetTimeoutError:
            yield 0, Lost("error", f"{name}: it does not answer")
        except RayError:
            continue  # it has gone since: no task will run there


def _name(node: Mapping[str, Any]) -> str:
    """Of the machine, and the beginning of its number: there may be several nodes on one."""
    return f"{node['NodeManagerHostname']}/{node['NodeID'][:6]}"


def _living() -> list[dict[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]


def slots(share: float = 0.0) -> dict[str, int]:
    """How many tasks of one processor each living node runs at once, by its name; share: of a GPU, that each takes as
    well. Nodes that can run none are left out."""
    found = {_name(node): _slots(node["Resources"], share) for node in _living()}
    return {name: count for name, count in found.items() if count}


def cards() -> list[tuple[int, int]]:
    """Of each living node with GPUs: how many, and its processors."""
    found = [node["Resources"] for node in _living() if node["Resources"].get("GPU", 0) >= 1]
    return [(int(has["GPU"]), int(has["CPU"])) for has in found]


def _slots(has: Mapping[str, float], share: float) -> int:
    processors = int(has["CPU"])
    return min(processors, int(has.get("GPU", 0)) * round(1 / share)) if share else processors


def of_machines(names: Container[str]) -> list[str]:
    """The numbers of their living nodes."""
    return [node["NodeID"] for node in ray.nodes() if node["Alive"] and node["NodeManagerHostname"] in names]


def alive() -> set[str]:
    """The numbers of the nodes that Ray has not given up, the head's too."""
    return {node["NodeID"] for node in ray.nodes() if node["Alive"]}


def last_line(error: Exception) -> str:
    """Of what Ray says, without the traceback before it."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]

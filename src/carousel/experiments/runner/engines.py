"""The engines by name. What a cluster's needs is imported when it is asked for."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import NamedTuple

from carousel.common.errors import BadPlan, UnknownName
from carousel.experiments.runner.engine import Engine, LocalEngine

ENGINES = ("local", "ray")
DEVICES = ("cpu", "cuda")
_ADDRESS = re.compile(r"[\w.-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")


class On(NamedTuple):
    """What a comparison runs on: the engine's name, HOST:PORT of a cluster's head, and what trains there: "cpu", or
    "cuda" for GPUs."""

    engine: str = "local"
    address: str | None = None
    device: str = "cpu"


HERE = On()


def check_engine(on: On) -> None:
    """Raises UnknownName, and BadPlan for an address that is none, or where the extra is absent."""
    name, address, device = on
    if name not in ENGINES:
        raise UnknownName("engine", name, ENGINES)
    if device not in DEVICES:
        raise UnknownName("device", device, DEVICES)
    if device != "cpu" and name != "ray":
        fix = "give --engine ray with it; `ray start --head` makes a cluster of this machine alone"
        raise BadPlan("GPUs are given out by Ray", got=f"--device {device} --engine {name}", fix=fix)
    if address is not None and name != "ray":
        raise BadPlan("--address is of a cluster", got=f"--engine {name}", fix="give --engine ray with it")
    if address is not None and not _ADDRESS.fullmatch(address):
        raise BadPlan("--address is no address", allowed="HOST:PORT, as `ray start --head` prints it", got=address)
    if name == "ray" and find_spec("ray") is None:
        raise BadPlan("the package ray is not installed", fix="pip install 'carousel-rnn[ray]'")


def check_kernel(on: On, kernel: str) -> None:
    """Raises BadPlan where a kernel is forced: whether it can run the contenders is found out on a processor."""
    if on.device != "cpu" and kernel != "auto":
        raise BadPlan(f"--kernel {kernel} is checked on the processor before a run", got=f"--device {on.device}",
                      fix="leave --kernel out, or --device")  # fmt: skip


def engine_named(on: On, workers: int | None, cores: int) -> Engine:
    """Chosen and found to work. workers: of the user; None: one a core here, or all that a cluster has."""
    check_engine(on)
    if on.engine == "local":
        return LocalEngine(cores if workers is None else workers)
    from carousel.experiments.runner.cluster.ray_engine import RayEngine

    return RayEngine(on.address, workers, on_card=on.device == "cuda")

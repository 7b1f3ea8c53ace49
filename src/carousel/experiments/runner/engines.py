"""The engines by name. What a cluster's needs is imported when it is asked for."""

from __future__ import annotations

import re
from importlib.util import find_spec

from carousel.common.errors import BadPlan, UnknownName
from carousel.experiments.runner.engine import Engine, LocalEngine

ENGINES = ("local", "ray")
_ADDRESS = re.compile(r"[\w.-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")


def check_engine(name: str, address: str | None) -> None:
    """Raises UnknownName, and BadPlan for an address that is none, or where the extra is absent."""
    if name not in ENGINES:
        raise UnknownName("engine", name, ENGINES)
    if address is not None and name != "ray":
        raise BadPlan("--address is of a cluster", got=f"--engine {name}", fix="give --engine ray with it")
    if address is not None and not _ADDRESS.fullmatch(address):
        raise BadPlan("--address is no address", allowed="HOST:PORT, as `ray start --head` prints it", got=address)
    if name == "ray" and find_spec("ray") is None:
        raise BadPlan("the package ray is not installed", fix="pip install 'carousel-rnn[ray]'")


def engine_named(name: str, address: str | None, workers: int | None, cores: int) -> Engine:
    """Chosen and found to work. workers: of the user; None: one a core here, or all that a cluster has."""
    check_engine(name, address)
    if name == "local":
        return LocalEngine(cores if workers is None else workers)
    from carousel.experiments.runner.cluster.ray_engine import RayEngine

    return RayEngine(address, workers)

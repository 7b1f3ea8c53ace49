"""What pip installs on every machine: Carousel with Ray, in the versions of this one, since Ray's nodes must agree."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from carousel.cluster.checks import one_line
from carousel.cluster.cloud_config import WHEELS
from carousel.common.errors import BadPlan
from carousel.common.files import read_regular

_MOST = 2**26  # bytes of a wheel
_CONTENT = "/content/0000"  # OpenStack's own way of naming
_SAME = ("torch", "ray")


class Package(NamedTuple):
    """lines: for a requirements file. contents: of the wheel on the config drive, by its place there. places: where
    it comes to lie on the machine, by the same."""

    lines: tuple[str, ...]
    contents: dict[str, bytes]
    places: dict[str, str]


def package(given: str, index: str | None) -> Package:
    """given: a wheel of Carousel on this machine, or what pip knows it by. index: a further index for pip. Raises
    BadPlan."""
    one_line("--package", given)
    before = () if index is None else (f"--extra-index-url {one_line('--index', index)}",)
    versions = tuple(f"{name}=={found}" for name in _SAME if (found := _version(name)) is not None)
    if not given.endswith(".whl") or "://" in given:
        return Package((*before, given, *versions), {}, {})
    wheel = Path(given)
    place = f"{WHEELS}/{wheel.name}"
    lines = (*before, f"carousel-rnn[ray] @ file://{place}", *versions)
    return Package(lines, {_CONTENT: _read(wheel)}, {_CONTENT: place})


def _read(wheel: Path) -> bytes:
    try:
        return read_regular(wheel, _MOST)
    except OSError as error:
        fix = "make wheel, and give the file that it says"
        raise BadPlan(f"cannot read {str(wheel)!r}", got=error.strerror or str(error), fix=fix) from error


def _version(name: str) -> str | None:
    """As installed here, without the mark of its build (+cpu); None where it is not."""
    try:
        return metadata.version(name).partition("+")[0]
    except metadata.PackageNotFoundError:
        return None

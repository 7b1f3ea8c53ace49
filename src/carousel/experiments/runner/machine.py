"""What may round otherwise: the processor and its vector units, the versions of what computes; as plain data.

Two machines whose descriptions are equal give the same numbers, bit for bit. Where they differ, last bits may. On a GPU
they may besides differ with how many networks train together.
"""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import version as installed
from pathlib import Path

import torch

from carousel.common.errors import BadPlan
from carousel.common.version import version
from carousel.experiments.runner.plan import SCHEMA_VERSION

_ROOT = Path(__file__).parents[2]
_CPUINFO = Path("/proc/cpuinfo")


@cache
def this_machine() -> dict[str, str]:
    """Stored with every record. instructions: a digest of the processor's flags, which compiled kernels are made for;
    vectors: those that torch chose; kernels: a digest of the sources of `carousel.nn`."""
    return {
        "processor": processor(),
        "instructions": hashlib.sha256(_of_cpuinfo("flags").encode()).hexdigest()[:8],
        "vectors": torch.backends.cpu.get_cpu_capability(),
        "torch": installed("torch"),
        "numba": installed("numba"),
        "kernels": _sources("nn"),
    }


@cache
def this_card() -> dict[str, str]:
    """The process's GPU, which rounds otherwise than a processor does, and what computes there."""
    import triton  # there: cluster/card.py has looked; its distribution has several names

    return {"card": torch.cuda.get_device_name(), "cuda": torch.version.cuda or "", "triton": triton.__version__}


def versions() -> dict[str, str]:
    """What the nodes of a cluster must have in common with the command: packages, sources, the plan's schema."""
    return {
        "carousel-rnn": version(),
        "its sources": _sources("."),
        "schema": str(SCHEMA_VERSION),
        **{name: installed(name) for name in ("torch", "numba", "numpy", "scikit-learn")},
    }


def refuse_other_versions(node: str, found: dict[str, str], own: dict[str, str]) -> None:
    """Nothing is trained by versions that may round otherwise. Raises BadPlan."""
    differ = [name for name in own if found.get(name) != own[name]]
    if differ:
        raise BadPlan(
            f"node {node} has other versions than this command",
            allowed=", ".join(f"{name} {own[name]}" for name in differ),
            got=", ".join(f"{name} {found.get(name, 'absent')}" for name in differ),
            fix="install the same there, with constraints.txt, and start `ray start` on it anew",
        )


def processor() -> str:
    """The processor's name as Linux gives it, else what the platform module knows."""
    return _of_cpuinfo("model name") or platform.processor() or "unknown"


@cache
def _of_cpuinfo(name: str) -> str:
    """Of the first core; "" where Linux does not tell."""
    lines = _CPUINFO.read_text(encoding="utf-8").splitlines() if _CPUINFO.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


@cache
def _sources(folder: str) -> str:
    """8 hexadecimal digits of the Python files below a folder of the package."""
    digest = hashlib.sha256()
    for path in sorted((_ROOT / folder).rglob("*.py")):
        digest.update(f"{path.relative_to(_ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:8]

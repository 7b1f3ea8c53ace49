"""A job script of SLURM: Ray on every node of the allocation, and the comparison on its first one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from carousel.cluster.checks import at_least, one_line
from carousel.common.errors import BadPlan
from carousel.common.pages.templating import filled
from carousel.common.texts import text

_TIME = re.compile(r"(\d+-)?\d{1,4}(:[0-5]?\d){0,2}")
_TIMES = "minutes, HH:MM:SS or D-HH:MM:SS"
_OWN = ("--engine", "--address")  # of `carousel compare`: the script gives them


@dataclass(frozen=True)
class Allocation:
    """What is asked of SLURM. nodes: machines. cpus, gpus: of each. time: until SLURM ends the job, as it writes it.
    more: further options of sbatch, such as "--partition=long"."""

    nodes: int
    cpus: int
    gpus: int
    time: str
    more: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        at_least("--nodes", self.nodes, 1)
        at_least("--cpus", self.cpus, 2)  # one of the head's is the driver's
        at_least("--gpus", self.gpus, 0)
        if not _TIME.fullmatch(self.time):
            raise BadPlan("--time is not written as SLURM reads it", allowed=_TIMES, got=self.time)
        for option in self.more:
            one_line("--sbatch", option)
            if not option.startswith("--"):
                raise BadPlan("--sbatch takes one long option of sbatch", got=option, fix="--sbatch=--partition=long")


def job_script(allocation: Allocation, arguments: Sequence[str], venv: Path, lang: str) -> str:
    """The script, for `sbatch`. arguments: of `carousel compare`, as they were typed. venv: the virtual environment
    that holds Carousel and Ray, under one path on all nodes. lang: of the comments. Raises BadPlan."""
    check_arguments(arguments)
    one_line("--venv", str(venv))
    return filled(
        "carousel.cluster", "slurm.sh.j2",
        **vars(allocation), compare=shlex.join(["carousel", "compare", *arguments]),
        activate=shlex.quote(str(venv / "bin" / "activate")), no_head=shlex.quote(text("cluster.slurm.no_head", lang)),
        say=lambda key: text(f"cluster.slurm.{key}", lang),
    )  # fmt: skip


def check_arguments(arguments: Sequence[str]) -> None:
    """Raises BadPlan for what can stand in no script, and for what the script gives itself."""
    for word in arguments:
        one_line("the command", word)
    given = next((name for word in arguments if (name := word.split("=")[0]) in _OWN), None)
    if given is not None:
        raise BadPlan(f"the script itself gives {given}", fix="leave it out")

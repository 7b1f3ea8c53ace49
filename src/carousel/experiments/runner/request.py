"""What a user asks for, checked by itself: before a file is opened, a task is made or a network is sized."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from carousel.common.errors import BadPlan, UnknownName
from carousel.experiments.data import DataOptions
from carousel.experiments.runner.requirement import Requirement
from carousel.experiments.tasks import TASKS
from carousel.experiments.training.description import MOST_MEMBERS
from carousel.nn.kernels import KERNELS

PARAMETERS = 6600
SEED_STRIDE = 1000  # seeds of --seed S and S+1 never meet
_LARGEST_SEED = 10**12  # times the stride it is a seed that torch takes


@dataclass(frozen=True)
class ComparisonRequest:
    """The options of `carousel compare`. `sources`: names of built-in tasks, or one path; empty: those that
    the claims ask for. claims: the ones to be judged; empty: all. rivals: of a file; None: all of its kind.
    ensemble: networks trained on the whole file at the end, whose mean answers."""

    sources: tuple[str, ...] = ()
    contenders: str | None = None
    lengths: tuple[int, ...] | None = None
    budget: str = "quick"
    parameters: int = PARAMETERS
    seed: int = 0
    kernel: str = "auto"
    claims: tuple[str, ...] = ()
    data: DataOptions = field(default_factory=DataOptions)
    rivals: tuple[str, ...] | None = None
    ensemble: int = 1

    @property
    def file(self) -> Path | None:
        """The path among the sources, if one is a path."""
        return next((Path(s) for s in self.sources if _is_path(s)), None)

    def seeds(self, of_budget: tuple[int, ...]) -> tuple[int, ...]:
        """The seeds that stand for those of a budget: another `seed` gives a disjoint set."""
        return tuple(seed + self.seed * SEED_STRIDE for seed in of_budget)


def checked(request: ComparisonRequest, known: Sequence[Requirement]) -> ComparisonRequest:
    """The request with its claims in the order of `known` and its lengths ascending, each once.

    Raises UnknownName and BadPlan for what contradicts itself or is out of range.
    """
    _check_numbers(request)
    names = [requirement.claim for requirement in known]
    for claim in request.claims:
        if claim not in names:
            raise UnknownName("claim", claim, names)
    if request.file is not None and len(request.sources) > 1:
        raise BadPlan(
            "a file is compared alone", got=", ".join(request.sources), fix="give one file, or names of tasks"
        )
    if request.file is None:
        _check_no_data_options(request.data)
        if request.rivals is not None:
            raise BadPlan(
                "--rivals are for a file, and none is given", fix="name the file first: carousel compare FILE"
            )
        if request.ensemble > 1:
            raise BadPlan(
                "--ensemble is for a file, and none is given", fix="name the file first: carousel compare FILE"
            )
    lengths = None if request.lengths is None else tuple(sorted(set(request.lengths)))
    return replace(request, claims=tuple(name for name in names if name in request.claims), lengths=lengths)


def _check_numbers(request: ComparisonRequest) -> None:
    if request.kernel != "auto" and request.kernel not in KERNELS:
        raise UnknownName("kernel", request.kernel, ["auto", *KERNELS])
    if not 0 <= request.seed <= _LARGEST_SEED:
        raise BadPlan("--seed is out of range", allowed=f"0 or more, at most {_LARGEST_SEED}", got=request.seed)
    if request.parameters < 1:
        raise BadPlan("--parameters is out of range", allowed="1 or more; 6600 by default", got=request.parameters)
    if not 1 <= request.ensemble <= MOST_MEMBERS:
        raise BadPlan("--ensemble is out of range", allowed=f"1 to {MOST_MEMBERS}", got=request.ensemble, fix="take 5")
    if request.lengths is not None and (not request.lengths or min(request.lengths) < 1):
        raise BadPlan("--lengths holds a length that is no length", allowed="whole numbers from 1", got=request.lengths)


def _check_no_data_options(data: DataOptions) -> None:
    if data != DataOptions():
        given = ", ".join(f"--{k.replace('_', '-')}" for k, v in asdict(data).items() if v != getattr(DataOptions(), k))
        raise BadPlan(
            f"{given} describe(s) a file, and none is given", fix="name the file first: carousel compare FILE"
        )


def _is_path(source: str) -> bool:
    return source not in TASKS and (source == "-" or "." in source or "/" in source or Path(source).exists())

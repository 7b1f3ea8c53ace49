"""From what a user asks for to a frozen plan: sources opened, contenders sized, seeds and rates written out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from carousel.common.errors import BadPlan, UnknownName
from carousel.common.names import CLAIMS, TRANSFORMER
from carousel.experiments.contenders.network import TRAINING_REQUEST
from carousel.experiments.contenders.spec import ContenderSpec, parse_contenders
from carousel.experiments.data import DataOptions, DataTask, Prepared, Splits, prepare_splits
from carousel.experiments.runner.budgets import Budget, budget_named, judged_once, training_of
from carousel.experiments.runner.file_suite import file_claims, file_contenders
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.sizing import equal_from, sized
from carousel.experiments.runner.split_store import load_splits
from carousel.experiments.runner.suites import Asked, asked_for, check_claims, claims_of
from carousel.experiments.runner.task_overrides import own_training
from carousel.experiments.tasks import TASKS, Task, task
from carousel.experiments.training.description import Contender, FileSource, Source, TaskSource
from carousel.nn.cells import CELLS
from carousel.nn.kernels import KERNELS, Call

PARAMETERS = 6600
_SEED_STRIDE = 1000  # seeds of --seed S and S+1 never meet
_LARGEST_SEED = 10**12  # times the stride it is a seed that torch takes


@dataclass(frozen=True)
class Wish:
    """The options of `carousel compare`. `sources`: names of built-in tasks, or one path; empty: the budget's suite.
    claims: the ones to be judged; empty: all."""

    sources: tuple[str, ...] = ()
    contenders: str | None = None
    lengths: tuple[int, ...] | None = None
    budget: str = "quick"
    parameters: int = PARAMETERS
    seed: int = 0
    kernel: str = "auto"
    claims: tuple[str, ...] = ()
    data: DataOptions = field(default_factory=DataOptions)


@dataclass(frozen=True)
class Design:
    """A plan, and the user's file under all its splits (None for built-in tasks)."""

    plan: Plan
    splits: Splits | None

    @property
    def prepared(self) -> Prepared | None:
        """The file under the split of tuning."""
        return None if self.splits is None else self.splits.tuning


def design(wish: Wish) -> Design:
    """Resolve a wish. Raises UserError: unknown names, contradictions, files that cannot be used."""
    budget = budget_named(wish.budget)
    _check(wish)
    path = _file_among(wish.sources)
    specs = _specs(wish, budget, file=path is not None)
    if wish.kernel != "auto":
        _check_kernel(wish.kernel, specs)
    if path is None:
        return Design(_plan_for_tasks(wish, budget, specs), None)
    budget = judged_once(budget)
    splits = prepare_splits(path, wish.data, _seeds(budget.reporting_seeds, wish))
    return Design(_plan_for_file(wish, budget, specs, path, splits), splits)


def _check(wish: Wish) -> None:
    """What needs neither a task nor the file."""
    if wish.kernel != "auto" and wish.kernel not in KERNELS:
        raise UnknownName("kernel", wish.kernel, ["auto", *KERNELS])
    if not 0 <= wish.seed <= _LARGEST_SEED:
        raise BadPlan("--seed is out of range", allowed=f"0 or more, at most {_LARGEST_SEED}", got=wish.seed)
    if wish.parameters < 1:
        raise BadPlan("--parameters is out of range", allowed="1 or more; 6600 by default", got=wish.parameters)
    check_claims(wish.claims)


def _specs(wish: Wish, budget: Budget, *, file: bool) -> list[ContenderSpec]:
    """The contenders that were typed, else those of the budget; of a file, those that its claims need."""
    if file and not wish.contenders:
        return file_contenders(budget, wish.claims)
    return parse_contenders(wish.contenders or budget.contenders)


def replan(path: Path) -> Design:
    """The design of an earlier run: its plan.toml, with data.npz and splits/ beside it where a file was compared."""
    folder = RunFolder(path.parent if path.name == "plan.toml" else path)
    plan = folder.load_plan()
    files = [source for source in plan.sources if isinstance(source, FileSource)]
    return Design(plan, load_splits(folder, plan) if files else None)


def _check_kernel(name: str, specs: list[ContenderSpec]) -> None:
    """A forced kernel must run every contender: nothing falls back in silence."""
    for spec in specs:
        reason = _refusal(name, spec)
        if reason is not None:
            raise BadPlan(f"--kernel {name} cannot run contender {str(spec)!r}", got=reason, cure="leave --kernel out")


def _refusal(name: str, spec: ContenderSpec) -> str | None:
    if spec.cell == TRANSFORMER:
        return "kernels run recurrences, a Transformer has none"
    refusal = KERNELS[name].supports(CELLS[spec.cell](1, 1), Call(torch.zeros(1, 1, 1)), TRAINING_REQUEST)
    return None if refusal is None else refusal.reason


def _file_among(sources: tuple[str, ...]) -> Path | None:
    """The path among the sources, if one is a path; tasks and files do not mix."""
    paths = [Path(s) for s in sources if s not in TASKS and ("." in s or "/" in s or Path(s).exists())]
    if paths and len(sources) > 1:
        raise BadPlan("a file is compared alone", got=", ".join(sources), cure="give one file, or names of tasks")
    return paths[0] if paths else None


def _plan_for_tasks(wish: Wish, budget: Budget, specs: list[ContenderSpec]) -> Plan:
    if wish.data != DataOptions():
        given = ", ".join(
            f"--{k.replace('_', '-')}" for k, v in asdict(wish.data).items() if v != getattr(DataOptions(), k)
        )
        raise BadPlan(
            f"{given} describe(s) a file, and none is given", cure="name the file first: carousel compare FILE"
        )
    lengths = _checked(wish.lengths) or budget.lengths
    if wish.sources:
        names = dict.fromkeys(wish.sources)
        asked = tuple(Asked(name, claims_of(name), str(budget.contenders)) for name in names)
    else:
        asked = asked_for(budget.suite, wish.claims, budget.name)
    own = {a.task: a.lengths for a in asked if a.lengths and wish.lengths is None}
    contenders = {a.task: _sized_for(a, wish, specs, own.get(a.task, lengths)) for a in asked}
    plan = _plan(wish, budget, tuple(TaskSource(name=a.task) for a in asked), lengths, contenders, file=False)
    claims = {a.task: a.claims for a in asked if a.claims}
    trained = own_training(contenders, plan.training)
    return plan.model_copy(update={"own_lengths": own, "own_claims": claims, "own_training": trained})


def _sized_for(asked: Asked, wish: Wish, specs: list[ContenderSpec], lengths: tuple[int, ...]) -> tuple[Contender, ...]:
    """The contenders of one task: those that were typed, else those that the suite has for it."""
    tasks = [task(asked.task, length) for length in lengths]  # each refuses a length that it cannot have
    if wish.contenders or wish.sources:
        return sized(specs, tasks[-1], wish.parameters)
    return sized(parse_contenders(asked.contenders), tasks[-1], asked.parameters or wish.parameters)


def _plan_for_file(wish: Wish, budget: Budget, specs: list[ContenderSpec], path: Path, splits: Splits) -> Plan:
    whole = DataTask(splits.tuning)
    options = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(wish.data).items() if v is not None}
    source = FileSource(
        name=whole.name,
        file=path.name,
        sha256=splits.tuning.sha256,
        options=options,
        splits="by-seed" if splits.by_seed else "one",
    )
    asked = file_claims(wish.claims)
    histories = _checked(wish.lengths) or (_histories(whole) if "length" in asked else ())
    if max(histories, default=0) >= whole.length:  # the whole is compared anyway; against itself it gains nothing
        allowed = f"1 to {whole.length - 1}, histories shorter than the longest sequence"
        raise BadPlan("--lengths cuts nothing", allowed=allowed, got=max(histories))
    parameters = wish.parameters if wish.contenders else equal_from(specs, whole, wish.parameters)
    contenders = {whole.name: sized(specs, whole, parameters)}
    return _plan(replace(wish, parameters=parameters), budget, (source,), (0, *histories), contenders, file=True)


def _histories(whole: Task) -> tuple[int, ...]:
    """A half and a quarter of the longest sequence, beside the whole; none where every step has its own target."""
    if whole.readout == "every":
        return ()
    return tuple(n for n in dict.fromkeys((whole.length // 4, whole.length // 2)) if n >= 1)


def _checked(lengths: tuple[int, ...] | None) -> tuple[int, ...]:
    if lengths is not None and (not lengths or min(lengths) < 1):
        raise BadPlan("--lengths holds a length that is no length", allowed="whole numbers from 1", got=lengths)
    return tuple(sorted(set(lengths or ())))


def _plan(
    wish: Wish,
    budget: Budget,
    sources: tuple[Source, ...],
    lengths: tuple[int, ...],
    contenders: dict[str, tuple[Contender, ...]],
    *,
    file: bool,
) -> Plan:
    return Plan(
        budget=budget.name,
        sources=sources,
        lengths=lengths,
        contenders=contenders,
        kernel=wish.kernel,
        learning_rates=budget.learning_rates,
        tuning_seeds=_seeds(budget.tuning_seeds, wish),
        reporting_seeds=_seeds(budget.reporting_seeds, wish),
        looks=budget.looks,
        flow_from=wish.seed * _SEED_STRIDE,
        claims=tuple(claim for claim in CLAIMS if claim in wish.claims),
        training=training_of(budget, file=file),
        parameters=wish.parameters,
    )


def _seeds(seeds: tuple[int, ...], wish: Wish) -> tuple[int, ...]:
    return tuple(seed + wish.seed * _SEED_STRIDE for seed in seeds)

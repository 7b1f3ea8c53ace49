"""From what a user asks for to a frozen plan: sources opened, contenders sized, seeds and rates written out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from carousel.common.errors import BadPlan, UnknownName
from carousel.common.names import TRANSFORMER
from carousel.experiments.contenders.spec import ContenderSpec, parse_contenders
from carousel.experiments.data import DataOptions, DataTask, Prepared, Splits, prepare_splits
from carousel.experiments.runner.budgets import Budget, budget_named, judged_once, training_of
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.requirement import Probe, Requirement
from carousel.experiments.runner.sizing import equal_from, sized
from carousel.experiments.runner.split_store import load_splits
from carousel.experiments.runner.suites import (
    SuiteTask,
    check_claims,
    file_contenders,
    named_task,
    on_file,
    suite,
)
from carousel.experiments.runner.task_overrides import training_by_source
from carousel.experiments.tasks import TASKS, Task, task
from carousel.experiments.training.description import Contender, FileSource, Source, TaskSource
from carousel.nn.cells import CELLS
from carousel.nn.kernels import KERNELS, Call
from carousel.nn.layers.stack_module import OUTPUT_ALONE

PARAMETERS = 6600
_UNTRAINED_SEEDS = tuple(range(10))
_SEED_STRIDE = 1000  # seeds of --seed S and S+1 never meet
_LARGEST_SEED = 10**12  # times the stride it is a seed that torch takes


@dataclass(frozen=True)
class ComparisonRequest:
    """The options of `carousel compare`. `sources`: names of built-in tasks, or one path; empty: those that
    the claims ask for. claims: the ones to be judged; empty: all."""

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
class Planned:
    """A plan, and the user's file under all its splits (None for built-in tasks)."""

    plan: Plan
    splits: Splits | None

    @property
    def prepared(self) -> Prepared | None:
        """The file under the split of tuning."""
        return None if self.splits is None else self.splits.tuning


def make_plan(request: ComparisonRequest, known: Sequence[Requirement]) -> Planned:
    """Resolve a request. known: what each claim that there is asks of a plan.

    Raises UserError: unknown names, contradictions, files that cannot be used."""
    budget = budget_named(request.budget)
    _check(request)
    check_claims(request.claims, known)
    request = replace(request, claims=tuple(r.claim for r in known if r.claim in request.claims))  # in their order
    path = _file_among(request.sources)
    asked = on_file(request.claims, known) if path else []
    specs = file_contenders(budget, asked) if path and not request.contenders else _specs(request, budget)
    if request.kernel != "auto":
        _check_kernel(request.kernel, specs)
    if path is None:
        return Planned(_with_probes(_plan_for_tasks(request, budget, specs, known), known), None)
    budget = judged_once(budget)
    splits = prepare_splits(path, request.data, _seeds(budget.reporting_seeds, request))
    plan = _plan_for_file(request, budget, specs, path, splits, asked)
    return Planned(_with_probes(plan, known), splits)


def _with_probes(plan: Plan, known: Sequence[Requirement]) -> Plan:
    """With the sources whose untrained networks are measured: those that a claim which needs it is asked of."""

    def needed(probe: Probe) -> tuple[str, ...]:
        claims = [r.claim for r in known if probe in r.probes]
        return tuple(s.name for s in plan.sources if any(plan.asks(claim, s.name) for claim in claims))

    return plan.model_copy(update={"initial_flow": needed("initial-flow"), "onset": needed("onset")})


def _check(request: ComparisonRequest) -> None:
    """What needs neither a task nor the file."""
    if request.kernel != "auto" and request.kernel not in KERNELS:
        raise UnknownName("kernel", request.kernel, ["auto", *KERNELS])
    if not 0 <= request.seed <= _LARGEST_SEED:
        raise BadPlan("--seed is out of range", allowed=f"0 or more, at most {_LARGEST_SEED}", got=request.seed)
    if request.parameters < 1:
        raise BadPlan("--parameters is out of range", allowed="1 or more; 6600 by default", got=request.parameters)


def _specs(request: ComparisonRequest, budget: Budget) -> list[ContenderSpec]:
    """The contenders that were typed, else those of the budget."""
    return parse_contenders(request.contenders or budget.contenders)


def replan(path: Path) -> Planned:
    """The design of an earlier run: its plan.toml, and data.npz and splits/ where a file was compared."""
    folder = RunFolder(path.parent if path.name == "plan.toml" else path)
    plan = folder.load_plan()
    files = [source for source in plan.sources if isinstance(source, FileSource)]
    return Planned(plan, load_splits(folder, plan) if files else None)


def _check_kernel(name: str, specs: list[ContenderSpec]) -> None:
    """A forced kernel must run every contender: nothing falls back in silence."""
    for spec in specs:
        reason = _refusal(name, spec)
        if reason is not None:
            raise BadPlan(f"--kernel {name} cannot run contender {str(spec)!r}", got=reason, fix="leave --kernel out")


def _refusal(name: str, spec: ContenderSpec) -> str | None:
    if spec.cell == TRANSFORMER:
        return "kernels run recurrences, a Transformer has none"
    refusal = KERNELS[name].supports(CELLS[spec.cell](1, 1), Call(torch.zeros(1, 1, 1)), OUTPUT_ALONE)
    return None if refusal is None else refusal.reason


def _file_among(sources: tuple[str, ...]) -> Path | None:
    """The path among the sources, if one is a path; tasks and files do not mix."""
    paths = [Path(s) for s in sources if s not in TASKS and ("." in s or "/" in s or Path(s).exists())]
    if paths and len(sources) > 1:
        raise BadPlan("a file is compared alone", got=", ".join(sources), fix="give one file, or names of tasks")
    return paths[0] if paths else None


def _plan_for_tasks(
    request: ComparisonRequest, budget: Budget, specs: list[ContenderSpec], known: Sequence[Requirement]
) -> Plan:
    if request.data != DataOptions():
        given = ", ".join(
            f"--{k.replace('_', '-')}" for k, v in asdict(request.data).items() if v != getattr(DataOptions(), k)
        )
        raise BadPlan(
            f"{given} describe(s) a file, and none is given", fix="name the file first: carousel compare FILE"
        )
    lengths = _checked(request.lengths) or budget.lengths
    if request.sources:
        asked = tuple(named_task(name, specs, known) for name in dict.fromkeys(request.sources))
    else:
        asked = suite(budget, request.claims, known)
    own = {a.task: a.lengths for a in asked if a.lengths and request.lengths is None}
    contenders = {a.task: _sized_for(a, request, specs, own.get(a.task, lengths)) for a in asked}
    plan = _plan(request, budget, tuple(TaskSource(name=a.task) for a in asked), lengths, contenders, file=False)
    claims = {a.task: a.claims for a in asked if a.claims}
    trained = training_by_source(contenders, plan.training)
    return plan.model_copy(update={"lengths_by_source": own, "claims_by_source": claims, "training_by_source": trained})


def _sized_for(
    asked: SuiteTask, request: ComparisonRequest, specs: list[ContenderSpec], lengths: tuple[int, ...]
) -> tuple[Contender, ...]:
    """The contenders of one task: those that were typed, else those that it is asked for with."""
    tasks = [task(asked.task, length) for length in lengths]  # each refuses a length that it cannot have
    if request.contenders or request.sources:
        return sized(specs, tasks[-1], request.parameters)
    return sized(list(asked.contenders), tasks[-1], asked.parameters or request.parameters)


def _plan_for_file(
    request: ComparisonRequest,
    budget: Budget,
    specs: list[ContenderSpec],
    path: Path,
    splits: Splits,
    asked: Sequence[Requirement],
) -> Plan:
    whole = DataTask(splits.tuning)
    options = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(request.data).items() if v is not None}
    source = FileSource(
        name=whole.name,
        file=path.name,
        sha256=splits.tuning.sha256,
        options=options,
        splits="by-seed" if splits.by_seed else "one",
    )
    histories = _checked(request.lengths) or (_histories(whole) if any(r.histories for r in asked) else ())
    if max(histories, default=0) >= whole.length:  # the whole is compared anyway; against itself it gains nothing
        allowed = f"1 to {whole.length - 1}, histories shorter than the longest sequence"
        raise BadPlan("--lengths cuts nothing", allowed=allowed, got=max(histories))
    parameters = request.parameters if request.contenders else equal_from(specs, whole, request.parameters)
    contenders = {whole.name: sized(specs, whole, parameters)}
    return _plan(replace(request, parameters=parameters), budget, (source,), (0, *histories), contenders, file=True)


def _histories(whole: Task) -> tuple[int, ...]:
    """A half and a quarter of the longest sequence, besides the whole; none where every step has its own target."""
    if whole.readout == "every":
        return ()
    return tuple(n for n in dict.fromkeys((whole.length // 4, whole.length // 2)) if n >= 1)


def _checked(lengths: tuple[int, ...] | None) -> tuple[int, ...]:
    if lengths is not None and (not lengths or min(lengths) < 1):
        raise BadPlan("--lengths holds a length that is no length", allowed="whole numbers from 1", got=lengths)
    return tuple(sorted(set(lengths or ())))


def _plan(
    request: ComparisonRequest,
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
        kernel=request.kernel,
        learning_rates=budget.learning_rates,
        tuning_seeds=_seeds(budget.tuning_seeds, request),
        reporting_seeds=_seeds(budget.reporting_seeds, request),
        interim_analyses=budget.interim_analyses,
        untrained_seeds=_seeds(_UNTRAINED_SEEDS, request),
        claims=request.claims,
        training=training_of(budget, file=file),
        parameters=request.parameters,
    )


def _seeds(seeds: tuple[int, ...], request: ComparisonRequest) -> tuple[int, ...]:
    return tuple(seed + request.seed * _SEED_STRIDE for seed in seeds)

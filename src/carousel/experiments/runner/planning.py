"""From a request to a frozen plan: sources opened, contenders sized, seeds and rates written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from carousel.common.errors import BadPlan
from carousel.common.names import TRANSFORMER
from carousel.experiments.contenders.spec import ContenderSpec, parse_contenders
from carousel.experiments.data import DataTask, Prepared, Splits, prepare_splits
from carousel.experiments.rivals.names import rivals_for
from carousel.experiments.runner.budgets import Budget, budget_named, judged_once, training_of
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.request import ComparisonRequest, checked
from carousel.experiments.runner.requirement import Probe, Requirement
from carousel.experiments.runner.sizing import equal_from, sized
from carousel.experiments.runner.split_store import load_splits
from carousel.experiments.runner.suites import SuiteTask, file_contenders, named_task, on_file, suite
from carousel.experiments.runner.task_loader import built_in
from carousel.experiments.runner.task_overrides import training_by_source
from carousel.experiments.tasks import Task
from carousel.experiments.training.description import Contender, FileSource, Source, TaskSource
from carousel.nn.cells import CELLS
from carousel.nn.kernels import KERNELS, Call
from carousel.nn.layers.stack_module import OUTPUT_ALONE

_UNTRAINED_SEEDS = tuple(range(10))


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
    request = checked(request, known)
    if request.file is None:
        return Planned(_plan_for_tasks(request, budget, known), None)
    return _plan_for_file(request.file, request, judged_once(budget), known)


def replan(path: Path) -> Planned:
    """The design of an earlier run: its plan.toml, and data.npz and splits/ where a file was compared. Raises
    BadPlan where there is none, FolderConflict where it cannot be read."""
    folder = RunFolder(path.parent if path.name == "plan.toml" else path)
    if not folder.plan.exists():
        raise BadPlan(f"there is no plan at {str(path)!r}", fix="give the plan.toml of an earlier run, or its folder")
    plan = folder.load_plan()
    files = [source for source in plan.sources if isinstance(source, FileSource)]
    return Planned(plan, load_splits(folder, plan) if files else None)


def _plan_for_tasks(request: ComparisonRequest, budget: Budget, known: Sequence[Requirement]) -> Plan:
    """Of the tasks that were named, else of those that the claims ask for."""
    specs = parse_contenders(request.contenders or budget.contenders)
    _check_kernel(request.kernel, specs)
    if request.sources:
        asked = tuple(named_task(name, specs, known) for name in dict.fromkeys(request.sources))
    else:
        asked = suite(budget, request.claims, known)
    lengths = request.lengths or budget.lengths
    own = {a.source.name: a.lengths for a in asked if a.lengths and request.lengths is None}
    contenders = {a.source.name: _sized_for(a, request, specs, own.get(a.source.name, lengths)) for a in asked}
    plan = _plan(request, budget, tuple(a.source for a in asked), lengths, contenders, request.parameters)
    claims = {a.source.name: a.claims for a in asked if a.claims}
    trained = training_by_source(plan.sources, plan.training)
    own_settings = {"lengths_by_source": own, "claims_by_source": claims, "training_by_source": trained}
    return _with_probes(plan.model_copy(update=own_settings), known)


def _sized_for(
    asked: SuiteTask, request: ComparisonRequest, specs: list[ContenderSpec], lengths: tuple[int, ...]
) -> tuple[Contender, ...]:
    """The contenders of one task: those that were typed, else those that it is asked for with."""
    tasks = [built_in(asked.source, length) for length in lengths]  # each refuses a length that it cannot have
    if request.contenders or request.sources:
        return sized(specs, tasks[-1], request.parameters)
    return sized(list(asked.contenders), tasks[-1], asked.parameters or request.parameters)


def _plan_for_file(path: Path, request: ComparisonRequest, budget: Budget, known: Sequence[Requirement]) -> Planned:
    """Of a user's file, prepared under the split of tuning and under one of each reporting seed."""
    asked = on_file(request.claims, known)
    specs = parse_contenders(request.contenders) if request.contenders else file_contenders(budget, asked)
    _check_kernel(request.kernel, specs)
    splits = prepare_splits(path, request.data, request.seeds(budget.reporting_seeds))
    whole = DataTask(splits.tuning)
    histories = request.lengths or (_histories(whole) if any(r.histories for r in asked) else ())
    if max(histories, default=0) >= whole.length:  # the whole is compared anyway; against itself it gains nothing
        allowed = f"1 to {whole.length - 1}, histories shorter than the longest sequence"
        raise BadPlan("--lengths cuts nothing", allowed=allowed, got=max(histories))
    parameters = request.parameters if request.contenders else equal_from(specs, whole, request.parameters)
    contenders = {whole.name: sized(specs, whole, parameters)}
    source = _file_source(splits, whole)
    plan = _plan(request, budget, (source,), (0, *histories), contenders, parameters)
    rivals = rivals_for(splits.tuning.kind, request.rivals)
    plan = plan.model_copy(update={"rivals": {source.name: rivals} if rivals else {}, "ensemble": request.ensemble})
    return Planned(_with_probes(plan, known), splits)


def _file_source(splits: Splits, whole: Task) -> FileSource:
    assert splits.options is not None  # the file was read just now
    given = asdict(splits.options)
    # Empty lists are left out, save that of --forecast, which plans always had: the digest stays that of earlier runs.
    kept = {k: v for k, v in given.items() if v is not None and (v != () or k == "forecast")}
    options = {k: list(v) if isinstance(v, tuple) else v for k, v in kept.items()}
    return FileSource(
        name=whole.name,
        file=splits.tuning.card["file"],
        sha256=splits.tuning.sha256,
        options=options,
        splits="by-seed" if splits.by_seed else "one",
    )


def _histories(whole: Task) -> tuple[int, ...]:
    """A half and a quarter of the longest sequence, besides the whole; none where every step has its own target."""
    if whole.readout == "every":
        return ()
    return tuple(n for n in dict.fromkeys((whole.length // 4, whole.length // 2)) if n >= 1)


def _check_kernel(name: str, specs: Sequence[ContenderSpec]) -> None:
    """A forced kernel must run every contender: nothing falls back in silence."""
    for spec in specs if name != "auto" else ():
        reason = _refusal(name, spec)
        if reason is not None:
            raise BadPlan(f"--kernel {name} cannot run contender {str(spec)!r}", got=reason, fix="leave --kernel out")


def _refusal(name: str, spec: ContenderSpec) -> str | None:
    if spec.cell == TRANSFORMER:
        return "kernels run recurrences, a Transformer has none"
    refusal = KERNELS[name].supports(CELLS[spec.cell](1, 1), Call(torch.zeros(1, 1, 1)), OUTPUT_ALONE)
    return None if refusal is None else refusal.reason


def _plan(
    request: ComparisonRequest,
    budget: Budget,
    sources: tuple[Source, ...],
    lengths: tuple[int, ...],
    contenders: Mapping[str, tuple[Contender, ...]],
    parameters: int,
) -> Plan:
    return Plan(
        budget=budget.name,
        sources=sources,
        lengths=lengths,
        contenders=dict(contenders),
        kernel=request.kernel,
        learning_rates=budget.learning_rates,
        finest_ratio=budget.finest_ratio,
        tuning_seeds=request.seeds(budget.tuning_seeds),
        prunes_tuning=any(isinstance(source, TaskSource) and source.sequences is None for source in sources),
        reporting_seeds=request.seeds(budget.reporting_seeds),
        interim_analyses=budget.interim_analyses,
        untrained_seeds=request.seeds(_UNTRAINED_SEEDS),
        claims=request.claims,
        training=training_of(budget, file=any(isinstance(source, FileSource) for source in sources)),
        parameters=parameters,
    )


def _with_probes(plan: Plan, known: Sequence[Requirement]) -> Plan:
    """With the sources whose untrained networks are measured: those that a claim which needs it is asked of."""

    def needed(probe: Probe) -> tuple[str, ...]:
        claims = [r.claim for r in known if probe in r.probes]
        return tuple(s.name for s in plan.sources if any(plan.asks(claim, s.name) for claim in claims))

    return plan.model_copy(update={"initial_flow": needed("initial-flow"), "onset": needed("onset")})

"""`carousel.compare`: from a question to a conclusion. The command `carousel compare` is this function, printed."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from operator import index
from pathlib import Path
from typing import Any, TextIO

from carousel.common.errors import BadPlan, UserError
from carousel.common.files import writing_to
from carousel.common.texts import checked_language, text
from carousel.experiments.conclusion import Conclusion
from carousel.experiments.data import DataOptions
from carousel.experiments.finalise import InterimAnalysis, finalise
from carousel.experiments.preflight import Preflight, preflight
from carousel.experiments.progress import ProgressDisplay
from carousel.experiments.progress_file import ProgressFile
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner.engines import HERE, On, check_kernel, engine_named
from carousel.experiments.runner.environment import describe_environment
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.ledger import Ledger
from carousel.experiments.runner.plan import Plan
from carousel.experiments.runner.request import PARAMETERS, ComparisonRequest
from carousel.experiments.runner.run import Progress, run_plan
from carousel.experiments.runner.split_store import store_splits
from carousel.experiments.runner.task_loader import Sources

Names = str | Sequence[str]


def compare(
    *sources: str | Path, contenders: Names | None = None, lengths: int | Sequence[int] | None = None,
    budget: str = "quick", claims: Names | None = None, rivals: Names | None = None, parameters: int = PARAMETERS,
    seed: int = 0, ensemble: int = 1, kernel: str = "auto", target: str | None = None, group: Names | None = None,
    order: Names | None = None, forecast: Names | None = None, horizon: int | None = None, window: int | None = None,
    kind: str | None = None, split: Sequence[float] | None = None, drop_short: bool = False,
    inputs: Names | None = None, ignore: Names | None = None, missing: Names | float | None = None,
    not_missing: Names | None = None, block: Names | None = None, split_by: str | None = None,
    date_format: str | None = None, encoding: str | None = None, decimal: str | None = None, wide: bool | None = None,
    every_step: bool | None = None, fill: str | None = None, known: Names | None = None, one_unit: bool | None = None,
    plan: str | Path | None = None, out: str | Path | None = None, workers: int | None = None, engine: str = "local",
    address: str | None = None, device: str = "cpu", lang: str = "en", progress: bool | TextIO = True,
) -> Conclusion:  # fmt: skip
    """Compare recurrent networks on built-in tasks or on a file, judge the claims, write an illustrated report.

        carousel.compare("adding", contenders=["rnn", "lstm:chrono"], lengths=[30])
        carousel.compare("sales.csv", forecast="sold", order="day").best

    Trains in worker processes; a script needs no `if __name__ == "__main__":`. Interrupted (Ctrl-C) it leaves a folder
    that the same call continues; finished trials are never trained again.

    sources: names of built-in tasks (`carousel.tasks.TASKS`), or one path of a file; none: the suite of the budget.
    contenders: `cell[:init][,layers=N]` each, such as "lstm:chrono,layers=2". lengths: T of the tasks; of a file,
    histories in steps. budget: "quick" (minutes), "standard" (an hour or two) or "full" (a night). claims: judge these
    alone, and run what they need; None: all claims. parameters: trainable ones of each contender (within 2 %). seed:
    another number gives another, disjoint set of seeds. kernel: "auto", or one of `carousel.kernels.KERNELS` for all.

    Of a file: target (column to predict for each sequence), group (column that names the sequence of a row), order
    (column that orders the steps), or forecast (columns whose next values to predict), with horizon (steps ahead) and
    window (steps of history an example sees); kind ("classification" or "regression", if guessed wrong), split (shares
    of training, validation and test), block (column whose value keeps sequences in one part, such as a patient),
    split_by ("time" or "sequence"), drop_short (drop sequences of one step). Of a table: inputs (the only ones),
    ignore (columns to leave out), missing (values that mean "no value"), not_missing (words such as None that are
    values), date_format (of order), encoding and decimal ("comma" or "point") of a text table, wide (a row is a whole
    sequence), every_step (each has a target), fill (gaps: "last" or "linear"), known (inputs known in advance, for
    horizon steps), one_unit (series stay in the file's unit). Several columns of one role are one key. rivals: simple
    methods beside the networks: "all" (None too), "none", or names. ensemble: so many answer by their mean.

    plan: the folder or plan.toml of an earlier run, which is run anew as it is, in place of all of the above. out: run
    folder; None: runs/NAME, the same for the same call. workers: processes of one thread; None: one a core. engine:
    "local", or "ray" for a cluster, address: HOST:PORT of its head; None: of this machine's. device: "cpu", or "cuda":
    its GPUs. lang: "en" or "zh", of all text. progress: True: told on standard error; a stream: there; False: not.

    Raises UserError, in one line, for what cannot be run as asked; CarouselError where trials failed.
    """
    with _python_names():
        data = _data_options(
            target=target, horizon=horizon, window=window, kind=kind, date_format=date_format, encoding=encoding,
            decimal=decimal, split_by=split_by, wide=wide, every_step=every_step, fill=fill, one_unit=one_unit,
            missing=None if missing is None else _values(missing),
            **_columns(group=group, order=order, forecast=forecast, inputs=inputs, ignore=ignore, block=block,
                       not_missing=not_missing, known=known),
            split=None if split is None else _shares(split), drop_short=drop_short,
        )  # fmt: skip
        request = ComparisonRequest(
            sources=tuple(map(_source, sources)),
            contenders=None if contenders is None else ",".join(_names("--contenders", contenders)),
            lengths=None if lengths is None else _lengths(lengths), claims=_given("--claims", claims) or (),
            budget=budget, parameters=_whole("--parameters", parameters), seed=_whole("--seed", seed), kernel=kernel,
            data=data, rivals=_given("--rivals", rivals), ensemble=_whole("--ensemble", ensemble),
        )  # fmt: skip
        checked = preflight(request, None if plan is None else Path(plan))
        stream = (sys.stderr if progress else None) if isinstance(progress, bool) else progress
        on = On(engine, address, device)
        return run_comparison(checked, None if out is None else Path(out), workers, lang, stream, on)


def run_comparison(
    known: Preflight,
    out: Path | None,
    workers: int | None,
    lang: str,
    stream: TextIO | None,
    on: On = HERE,
) -> Conclusion:
    """Run what is planned to its end, or continue it. stream: where to print how far it is."""
    checked_language(lang)
    plan, splits, cores = known.plan, known.planned.splits, checked_workers(workers)
    check_kernel(on, plan.kernel)
    folder = RunFolder(out or default_folder(plan))
    display = ProgressDisplay(plan, lang, stream)
    display.print([*known.lines(lang), text("cli.folder", lang, folder=folder.path)])
    interim = InterimAnalysis(folder.path)
    with closing(engine_named(on, workers, cores)) as chosen, folder.locked():
        folder.claim_for(plan)
        if splits is not None:
            store_splits(folder, splits)
        ran_on = describe_environment(plan, Sources(folder), chosen.workers, on.device)
        folder.write_json(folder.environment, ran_on)
        _check_what_is_there(folder)
        told = ProgressFile(folder)
        with display, told, writing_to(folder.path):
            start = partial(chosen.start, say=display.say)

            def show(progress: Progress) -> None:
                display.show(progress)
                told.show(progress)

            run_plan(plan, folder, chosen.workers, show, interim.more_seeds, interim.to_refit, start)
        return finalise(load_evidence(folder.path), lang, interim.settled)


def _check_what_is_there(folder: RunFolder) -> None:
    """What earlier commands finished can be read: nothing is trained beside records that are damaged."""
    with writing_to(folder.path):
        Ledger(folder.ledger, create=True).close()
    load_evidence(folder.path)


@contextmanager
def _python_names() -> Iterator[None]:
    """A mistake names the argument of Python where the command has an option: drop_short, not --drop-short."""
    try:
        yield
    except UserError as error:
        error.args = (re.sub(r"--([a-z]+(?:-[a-z]+)*)", lambda option: option[1].replace("-", "_"), str(error)),)
        raise


def checked_workers(workers: int | None) -> int:
    """One a core where None. Raises BadPlan."""
    count = (os.cpu_count() or 1) if workers is None else _whole("--workers", workers)
    if not 1 <= count <= 1024:
        raise BadPlan("--workers is out of range", allowed="1 to 1024", got=workers)
    return count


def default_folder(plan: Plan) -> Path:
    """The same call finds the same folder: the sources, the budget and the plan's digest."""
    sources = re.sub(r"[^\w.-]+", "_", "+".join(source.name for source in plan.sources))
    return Path("runs") / f"{sources[:60]}-{plan.budget}-{plan.digest()[:8]}"


def _source(source: Any) -> str:
    """A task's name as it is; a path so that it is told from one."""
    if isinstance(source, str):
        return source
    if isinstance(source, os.PathLike):
        path = os.fspath(source)
        return path if "." in path or "/" in path else f"./{path}"
    allowed = "the name of a built-in task, or the path of a file"
    fix = "write the data to a file first: CSV, Parquet, JSON lines, .npz, .ts"
    raise BadPlan("a source is neither a name nor a path", allowed=allowed, got=type(source).__name__, fix=fix)


def _names(option: str, names: Any) -> tuple[str, ...]:
    """One text, comma-separated, or several. Raises BadPlan."""
    given = [names] if isinstance(names, str) else list(names) if isinstance(names, Iterable) else []
    if not given or not all(isinstance(name, str) and name.strip() for name in given):
        raise BadPlan(f"{option} names nothing", allowed="names", got=repr(names))
    return tuple(given)


def _given(option: str, names: Names | None) -> tuple[str, ...] | None:
    return None if names is None else _names(option, names)


def _columns(**given: Names | None) -> dict[str, tuple[str, ...]]:
    return {name: _names(f"--{name}", named) for name, named in given.items() if named is not None}


def _values(missing: Any) -> tuple[str, ...]:
    several = isinstance(missing, Iterable) and not isinstance(missing, str)
    return tuple(str(value) for value in (missing if several else [missing]))


def _lengths(lengths: Any) -> tuple[int, ...]:
    several = isinstance(lengths, Iterable) and not isinstance(lengths, str)
    return tuple(_whole("--lengths", length) for length in (lengths if several else [lengths]))


def _shares(split: Any) -> tuple[float, ...]:
    try:
        return tuple(float(share) for share in split)
    except (TypeError, ValueError):
        raise BadPlan("--split holds what is no share", allowed="three numbers, such as (0.6, 0.2, 0.2)",
                      got=repr(split)) from None  # fmt: skip


def _whole(option: str, value: Any) -> int:
    """A whole number, numpy's too. Raises BadPlan."""
    try:
        return index(value)
    except TypeError:
        raise BadPlan(f"{option} is no whole number", got=repr(value)) from None


def _data_options(**given: Any) -> DataOptions:
    return DataOptions(**{name: value for name, value in given.items() if value is not None})

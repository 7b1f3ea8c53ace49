"""A simulated run folder's numbers: just the columns that rules read, drawn by the scenarios."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carousel.common.names import FAMILY_OF_CELL
from carousel.experiments.tables import ONSETS, SLOPES, TRIALS, Table

if TYPE_CHECKING:
    import polars as pl

    from carousel.experiments.results.evidence import Evidence
    from carousel.experiments.runner.plan import Plan

Row = dict[str, Any]
RATES = (0.0003, 0.0006, 0.001, 0.002, 0.004, 0.008, 0.016)
BASELINE = 0.125
FIRST_SEED = 100  # of the reporting trials
STEPS = 2000  # of the standard budget


def trial(condition: str, contender: str, seed: int, **found: Any) -> Row:
    """One reporting trial (or a tuning one, if `phase` says so); what is not given did not vary."""
    solved = found.get("solved")
    outcome = "solved" if solved else "finished"
    score = found.get("score", 1.0 if solved else BASELINE)
    return {
        "phase": "reporting",
        "source": condition.partition("/")[0],
        "condition": condition,
        "contender": contender,
        "seed": seed,
        "trial": "simulated",
        "outcome": outcome,
        "solved": solved,
        "score": score,
        "validation_score": score,
        "baseline_score": BASELINE,
        "training_loss": 0.1,
        "learning_rate": RATES[0],
        "steps": STEPS,
        "steps_to_solved": None,
        "seconds": 1.0,
        "spike_share": 0.0,
        "nan_share": 0.0,
        "spike_steps": "",
        "lyapunov_end": None,
        "lyapunov_end_se": None,
        "lyapunov_end_streams": None,
        "lyapunov_end_steps": None,
        **found,
    }


def run(
    contenders: Sequence[str],
    sources: Sequence[str],
    lengths: Sequence[int],
    trials: Iterable[Row] = (),
    slopes: Iterable[Row] = (),
    onset: Iterable[Row] = (),
    kind: str = "task",
) -> Evidence:
    """The evidence of these rows. `contenders` are specs: cell[:init][,layers=N]."""
    import polars as pl

    from carousel.experiments.results.evidence import Evidence

    return Evidence(
        folder=Path("simulated"),
        plan=_plan(tuple(contenders), tuple(sources), tuple(lengths), kind),
        trials=_frame(list(trials), TRIALS),
        profiles=pl.DataFrame(),
        slopes=_frame(list(slopes), SLOPES),
        onset=_frame(list(onset), ONSETS),
        environment={},
    )


def condition(source: str, length: int) -> str:
    """ "adding/T=100"."""
    return f"{source}/T={length}" if length else source


@cache
def _plan(contenders: tuple[str, ...], sources: tuple[str, ...], lengths: tuple[int, ...], kind: str) -> Plan:
    from carousel.experiments.runner.plan import FileSource, Plan, Source, TaskSource, Training

    made: tuple[Source, ...] = tuple(
        FileSource(name=name, file=name, sha256="") if kind == "file" else TaskSource(name=name) for name in sources
    )
    return Plan(
        budget="standard",
        sources=made,
        lengths=lengths,
        contenders={name: tuple(map(_contender, contenders)) for name in sources},
        learning_rates=RATES,
        tuning_seeds=(0,),
        reporting_seeds=(FIRST_SEED,),
        training=Training(steps=STEPS),
        parameters=6600,
    )


def _contender(spec: str) -> Any:
    from carousel.experiments.runner.plan import Contender

    head, _, layers = spec.partition(",layers=")
    cell, _, init = head.partition(":")
    assert cell in FAMILY_OF_CELL
    return Contender(spec=spec, cell=cell, init=init or "default", layers=int(layers or 1), hidden=32, parameters=6600)


def _frame(rows: list[Row], table: Table) -> pl.DataFrame:
    """The whole table; what no row gives is null."""
    import polars as pl

    from carousel.experiments.results.kept import schema

    types = schema(table)
    given = {name for row in rows for name in row} & types.keys()
    held = pl.DataFrame({name: pl.Series(name, [row.get(name) for row in rows], types[name]) for name in given})
    whole = (pl.col(name) if name in given else pl.lit(None, kind).alias(name) for name, kind in types.items())
    return held.select(whole) if given else pl.DataFrame(schema=types)

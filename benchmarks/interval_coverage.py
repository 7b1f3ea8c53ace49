"""How many truths the 90 % intervals of `carousel predict` hold, on data that no part of a run has seen.

.venv/bin/python benchmarks/interval_coverage.py [NAME ...]

Files of sktime's wheel. Of a series the first part trains, with the last `HELD_OUT` of it kept away. Of sequences every
second trains, and then the others do: a half alone is too few truths. Each training is small: what is measured is the
interval, not the network.
"""

from __future__ import annotations

import resource
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import files
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import binomtest

from carousel.experiments.compare import run_comparison
from carousel.experiments.data import DataOptions
from carousel.experiments.data.prepare.new_rows import read_new_rows
from carousel.experiments.preflight import Preflight, preflight
from carousel.experiments.results.rebuild import Taken, load_taken
from carousel.experiments.runner.request import ComparisonRequest
from carousel.experiments.takeaway.predict import LEVEL, answers, band_of, file_of

HELD_OUT = 0.4
STEPS, PARAMETERS, RATE = 400, 1200, 0.01


@dataclass(frozen=True)
class Case:
    """measured: [N, M] whether each interval holds its truth. turn: which half of sequences trains."""

    file: str
    options: DataOptions
    measured: Callable[[Case, Taken, Path], np.ndarray]
    ending: str = ".csv"
    parameters: int = PARAMETERS
    turn: int = 0

    @property
    def turns(self) -> list[Case]:
        """Each time that it is measured."""
        return [self] if self.ending == ".csv" else [self, replace(self, turn=1)]

    def rows(self) -> list[str]:
        """The lines of the file: those of its head, then a case or a step each."""
        (found,) = [entry for entry in files("sktime") or () if str(entry) == f"sktime/datasets/data/{self.file}"]
        return Path(str(found.locate())).read_text(encoding="utf-8").splitlines()

    def parts(self) -> tuple[list[str], list[str], list[str]]:
        """Head, what trains, what is kept away."""
        lines = self.rows()
        begin = 1 if self.ending == ".csv" else [line.lower() for line in lines].index("@data") + 1
        head, rest = lines[:begin], [line for line in lines[begin:] if line]
        if self.ending == ".csv":
            kept = int(len(rest) * (1 - HELD_OUT))
            return head, rest[:kept], rest[kept:]
        return head, rest[self.turn :: 2], rest[1 - self.turn :: 2]


def forecasts(case: Case, taken: Taken, folder: Path) -> np.ndarray:
    """Forecasts from each `horizon`-th step of the part kept away, so that no truth is forecast twice."""
    head, old, new = case.parts()
    (column,), window, horizon = case.options.forecast, case.options.window, case.options.horizon
    assert window is not None and horizon is not None
    truth = pl.read_csv("\n".join([*head, *old, *new]).encode())[column].to_numpy()
    found = []
    for end in range(len(old), len(old) + len(new) - horizon + 1, horizon):
        lines = [*old, *new][end - window : end]
        table = answered(taken, case, written(folder / "new.csv", head, lines))
        low, high = table[f"{column} low"].to_numpy(), table[f"{column} high"].to_numpy()
        found.append((low <= truth[end : end + horizon]) & (truth[end : end + horizon] <= high))
    return np.array(found)


def values(case: Case, taken: Taken, folder: Path) -> np.ndarray:
    """The value of each sequence kept away."""
    head, _, new = case.parts()
    table = answered(taken, case, written(folder / "new.ts", head, new))
    truth = np.array([float(line.rpartition(":")[2]) for line in new])
    return ((table["low"].to_numpy() <= truth) & (truth <= table["high"].to_numpy()))[:, None]


def classes(case: Case, taken: Taken, folder: Path) -> np.ndarray:
    """Whether the class of each sequence kept away is among those that are likely; those are left out that are longer
    than any in training, which `carousel predict` refuses."""
    head, _, new = case.parts()
    most = int(file_of(taken, folder).lengths.max())
    new = [line for line in new if line.split(":")[0].count(",") < most]
    table = answered(taken, case, written(folder / "new.ts", head, new))
    truth = [line.rpartition(":")[2].strip() for line in new]
    return np.array([[label in said.split()] for label, said in zip(truth, table["likely"], strict=True)])


def answered(taken: Taken, case: Case, path: Path) -> pl.DataFrame:
    """What `carousel predict` answers."""
    trained = file_of(taken, path)
    return answers(taken.network, read_new_rows(path, case.options, trained), trained, band_of(taken, LEVEL))


def written(path: Path, head: list[str], lines: list[str]) -> Path:
    """The path, of a file of these lines."""
    path.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")
    return path


def series(
    column: str, window: int, horizon: int, order: str | None = None, ignore: tuple[str, ...] = ()
) -> DataOptions:
    """How a series is read."""
    return DataOptions(forecast=(column,), window=window, horizon=horizon, order=order, ignore=ignore)


CASES = {
    "mitdb": Case("mitdb/mitdb.csv", series("data", 40, 5, ignore=("label",)), forecasts),
    "yahoo": Case("yahoo/yahoo.csv", series("data", 48, 6, ignore=("label",)), forecasts),
    "solar": Case("solar/solar.csv", series("solar_gen", 24, 4, "datetime_gmt"), forecasts),
    "airline": Case("Airline/Airline.csv", series("Passengers", 12, 3, "Date"), forecasts),
    "Tecator": Case("Tecator/Tecator_TRAIN.ts", DataOptions(), values, ".ts"),
    "Covid3Month": Case("Covid3Month/Covid3Month_TRAIN.ts", DataOptions(), values, ".ts"),
    "JapaneseVowels": Case(
        "JapaneseVowels/JapaneseVowels_TRAIN.ts", DataOptions(), classes, ".ts", 1500
    ),  # 1200 cannot be met
}


def trained(case: Case, folder: Path) -> Taken:
    """A small comparison of one network, as `carousel compare` makes it."""
    head, old, _ = case.parts()
    path = written(folder / f"old{case.ending}", head, old)
    request = ComparisonRequest((str(path),), "gru", parameters=case.parameters, rivals=(), data=case.options)
    run_comparison(small(preflight(request, None)), folder / "run", 1, "en", None)
    return load_taken(folder / "run")


def small(known: Preflight) -> Preflight:
    """The plan with one rate and fewer steps; its seeds and splits stay."""
    plan = known.plan
    training = plan.training.model_copy(update={"steps": STEPS})
    update = {"training": training, "learning_rates": (RATE,), "rate_bounds": (RATE, RATE), "tuning_seeds": (0,)}
    return replace(known, planned=replace(known.planned, plan=plan.model_copy(update=update)))


def measured(case: Case, folder: Path) -> tuple[np.ndarray, float]:
    """What it holds of the part kept away, and the share that the run itself measured."""
    taken = trained(case, folder)
    band = band_of(taken, LEVEL)
    assert band is not None
    return case.measured(case, taken, folder), band.coverage


def reported(name: str, held: np.ndarray, coverage: float, seconds: float) -> str:
    """The row of the table."""
    count, hits = held.size, int(held.sum())
    low, high = binomtest(hits, count).proportion_ci(method="wilson")
    ahead = ", ".join(f"{share:.2f}" for share in held.mean(axis=0)) if held.shape[1] > 1 else ""
    halves = ", ".join(f"{share:.2f}" for share in [half.mean() for half in np.array_split(held, 2)])
    return (
        f"| {name} | {len(held)} | {held.shape[1]} | {hits / count:.3f} | {low:.3f} to {high:.3f} | "
        f"{coverage:.3f} | {ahead} | {halves} | {seconds:.0f} |"
    )


def main() -> None:
    """A row a file."""
    print("| file | new answers | values each | held | 95 % interval | measured in the run | by step ahead | "
          "earlier, later half | processor s |\n|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    for name in sys.argv[1:] or CASES:
        began, found = processor(), []
        for case in CASES[name].turns:
            with tempfile.TemporaryDirectory() as folder:
                found.append(measured(case, Path(folder)))
        held, coverage = np.concatenate([each[0] for each in found]), float(np.mean([each[1] for each in found]))
        print(reported(name, held, coverage, processor() - began), flush=True)


def processor() -> float:
    """Seconds of this process and its workers."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()

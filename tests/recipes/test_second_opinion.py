"""The second program: it imports nothing of carousel, agrees with a real run, and finds what is planted in it."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest
from scipy import stats

from carousel.experiments.compare import run_comparison
from carousel.experiments.preflight import preflight
from carousel.experiments.runner.folder import RunFolder
from tests.support.plans import ComparisonRequest, make_plan
from tests.support.runs import environment, shortened

PROGRAM = Path(__file__).resolve().parents[2] / "recipes" / "second_opinion"
FILES = sorted(PROGRAM.glob("*.py"))
MAY_IMPORT = {"torch", "numpy", "polars", *(path.stem for path in FILES), *sys.stdlib_module_names}


def load(name: str) -> ModuleType:
    """A file of the program that imports none of its neighbours, under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"second_opinion_{name}", PROGRAM / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run of two tasks, of one at two lengths, judged and reported."""
    folder = tmp_path_factory.mktemp("second")
    request = ComparisonRequest(("delayed-recall", "adding"), "rnn:orthogonal,lstm:chrono", (9, 12), parameters=600)
    plan = shortened(make_plan(request).plan, steps=60).model_copy(update={"lengths_by_source": {"adding": (9,)}})
    RunFolder(folder / "given").claim_for(plan)
    run_comparison(preflight(ComparisonRequest(), folder / "given"), folder / "run", 2, "en", None)
    return folder / "run"


def second_opinion(run: Path, networks: int = 200) -> tuple[int, str]:
    """Exit status and what was printed, in a process that could import carousel; it must not have."""
    code = (
        "import runpy, sys\n"
        f"sys.argv = ['second_opinion', {str(run)!r}, '--networks', '{networks}']\n"
        "try:\n"
        f"    runpy.run_path({str(PROGRAM)!r}, run_name='__main__')\n"
        "finally:\n"
        "    names = {name.split('.')[0] for name in sys.modules}\n"
        "    print('imported:', sorted(names & {'carousel', 'scipy', 'torch'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, env=environment())
    assert not done.stderr, done.stderr
    assert "imported: ['torch']" in done.stdout
    return done.returncode, done.stdout


def kinds(told: str) -> dict[str, int]:
    """How many numbers of each kind were compared."""
    return {kind: int(count) for count, kind in re.findall(r"(?m)^ +(\d+) ((?!not recomputed).+)$", told)}


def test_its_sources_import_nothing_but_torch_numpy_polars_and_the_standard_library():
    names = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom):
                names.add((node.module or "").split(".")[0])
    assert names <= MAY_IMPORT and {"torch", "numpy", "polars"} <= names
    assert not {path.stem for path in FILES} & sys.stdlib_module_names, "a file would hide a module of Python's"


@pytest.mark.slow
def test_it_agrees_with_a_run_on_hundreds_of_numbers_of_every_kind(finished):
    code, told = second_opinion(finished)
    assert code == 0, told
    found = kinds(told)
    assert sum(found.values()) >= 1000
    assert found["retrained RNN"] >= 100 and found["retrained LSTM"] >= 60
    least = {"trial from its curve": 250, "score from weights": 50, "loss from weights": 12, "contenders": 70,
             "the report's contenders": 60, "learning rates": 12, "paired differences": 20, "limits of differences": 12,
             "limits of slopes": 30, "onset of chaos": 4, "horizons": 30, "solved rates": 10, "limits of rates": 2,
             "verdicts of rows": 8, "verdicts of claims": 3, "control": 20, "limits of spikes": 6, "exponents": 24,
             "advice": 3, "levels of claims": 3, "tables/comparisons.csv": 60, "the report's claims": 60,
             "figures: lag profiles": 300, "figures: gradient norms": 300, "figures: rates": 30}  # fmt: skip
    assert {kind: found.get(kind, 0) for kind, n in least.items() if found.get(kind, 0) < n} == {}


@pytest.mark.slow
def test_it_finds_when_tuning_trials_are_out_of_their_race(tmp_path):
    request = ComparisonRequest(("delayed-recall",), "rnn:orthogonal,lstm:chrono", (8,), parameters=2000)
    rates = {"learning_rates": (0.01, 0.03), "rate_bounds": (0.001, 0.3), "tuning_seeds": (0, 1, 2)}
    plan = shortened(make_plan(request).plan, steps=400).model_copy(update=rates)
    RunFolder(tmp_path / "given").claim_for(plan)
    run_comparison(preflight(ComparisonRequest(), tmp_path / "given"), tmp_path / "run", 2, "en", None)
    trials = pl.read_csv(tmp_path / "run" / "tables" / "trials.csv")
    pruned = trials.filter(pl.col("outcome") == "pruned")
    assert pruned.height >= 2
    code, told = second_opinion(tmp_path / "run", networks=4)
    assert code == 0, told
    assert kinds(told)["ended by its race"] == trials.filter(pl.col("phase") == "tuning").height
    changed = sqlite3.connect(tmp_path / "run" / "ledger.sqlite")
    with changed:  # one that says it was out a check later
        record = "json_set(record, '$.trial.steps', json_extract(record, '$.trial.steps') + 20)"
        changed.execute(f"UPDATE jobs SET record={record} WHERE hash=?", (pruned["trial"][0],))
    changed.close()
    code, told = second_opinion(tmp_path / "run", networks=4)
    assert code == 1
    assert "ended by its race" in told.partition("numbers compared")[0].partition(" NO")[0]


def planted(path: Path, change: Callable[[str], str]) -> None:
    """Change a text file, which must change."""
    text = path.read_text(encoding="utf-8")
    assert change(text) != text, path
    path.write_text(change(text), encoding="utf-8")


def cell(path: Path, column: str, change: Callable[[float], float]) -> None:
    """Change the first number of a column."""
    table = pl.read_csv(path, infer_schema_length=None)
    row = table[column].is_not_null().arg_max()
    assert row is not None
    values = table[column].to_list()
    values[row] = change(values[row])
    table.with_columns(pl.Series(column, values)).write_csv(path)


@pytest.mark.slow
def test_it_finds_every_number_that_is_planted(finished, tmp_path):
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    cell(run / "tables" / "trials.csv", "test_loss", lambda value: value + 0.01)
    cell(run / "tables" / "trials.csv", "gradient_norm_max", lambda value: value * (1 + 1e-6))
    cell(run / "tables" / "slopes.csv", "slope", lambda value: value + 1e-6)
    cell(run / "tables" / "contenders.csv", "solved_high", lambda value: value - 1e-6)
    cell(run / "tables" / "trials.csv", "lyapunov_end", lambda value: value + 0.01)
    cell(run / "tables" / "gradient-norm.csv", "high", lambda value: value * (1 + 1e-6))
    cell(run / "tables" / "comparisons.csv", "value", lambda value: value + 1e-6)
    planted(run / "report.md", lambda text: re.sub(r"(\| rnn:orthogonal \| )(\d) / 2", r"\g<1>9 / 2", text, count=1))
    judged = json.loads((run / "verdicts.json").read_text(encoding="utf-8"))
    rows = next(claim for claim in judged["claims"] if claim["id"] == "length")["conditions"]
    rows[0]["effect"]["ci95"][0] -= 1e-6
    vanishing = next(claim for claim in judged["claims"] if claim["id"] == "vanishing")["conditions"]
    vanishing[0]["n"] += 1
    exploding = next(claim for claim in judged["claims"] if claim["id"] == "exploding")["conditions"]
    next(row for row in exploding if row["part"] == "control")["steps"] -= 1
    judged["advice"]["en"] = judged["advice"]["en"].replace("it solved ", "it solved 1")
    (run / "verdicts.json").write_text(json.dumps(judged), encoding="utf-8")
    curve = next(iter(sorted((run / "trials").glob("*.parquet"))))
    pl.read_parquet(curve).with_columns(pl.col("loss") + 1e-5).write_parquet(curve)
    code, told = second_opinion(run)
    wrong = [line for line in told.splitlines() if line.endswith(" NO")]
    assert code == 1
    for what in ("test_loss", "gradient_norm_max", "slopes: ", "solved_high", "report's contenders", "limits of rates",
                 "paired differences", "training_loss", "lyapunov_end", "figures: gradient norms", "comparisons.csv",
                 "control: LSTM, steps", "advice: solved"):  # fmt: skip
        assert any(what in line for line in wrong), (what, wrong)


@pytest.mark.slow
def test_what_it_cannot_compare_is_no_agreement(finished, tmp_path):
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    shutil.rmtree(run / "weights")
    table = run / "tables" / "contenders.csv"
    planted(table, lambda text: text.splitlines()[0] + "\n")
    code, told = second_opinion(run, networks=2)
    assert code == 1 and " NO" not in told
    assert "too few: contenders: 0, not " in told and "too few: score from weights: 0, not " in told


def test_a_folder_that_is_none_is_one_line(tmp_path):
    done = subprocess.run([sys.executable, str(PROGRAM), str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and not done.stdout


@pytest.mark.parametrize("n", [2, 6, 10, 72])
def test_its_quantiles_and_exact_limits_are_scipys(n):
    limits = load("limits")
    for p in (0.9, 0.975, 0.995, 0.99972):
        assert limits.student(p, n - 1) == pytest.approx(stats.t.ppf(p, n - 1), rel=1e-8)
    for wins in (0, 0.5, 1, n / 2, n):
        low = 0 if wins == 0 else stats.beta.ppf(0.025, wins, n - wins + 1)
        high = 1 if wins == n else stats.beta.ppf(0.975, wins + 1, n - wins)
        assert limits.exact(wins, n, 0.95) == pytest.approx((low, high), abs=1e-10)
    for wins in range(n + 1):
        score = stats.binomtest(wins, n).proportion_ci(0.95, "wilson")
        assert limits.wilson(wins, n, 0.95) == pytest.approx((score.low, score.high), abs=1e-9)


def test_its_range_of_a_bootstrap_limit_holds_scipys_and_not_everything():
    limits, rng = load("limits"), np.random.default_rng(0)
    for seed in range(5):
        values = rng.exponential(size=12)
        theirs = stats.bootstrap((values,), np.mean, n_resamples=1999, method="BCa", rng=np.random.default_rng(seed))
        (low_least, low_most), (high_least, high_most) = limits.bca(values, 0.95, 4.0)
        assert low_least <= theirs.confidence_interval.low <= low_most < values.mean()
        assert values.mean() < high_least <= theirs.confidence_interval.high <= high_most


def test_agreement_is_to_the_last_digit_printed():
    agree = load("opinion").agree
    assert agree("0.938", 0.9376, None) and not agree("0.938", 0.9386, None) and not agree("0.938", 0.9374, None)
    assert agree("\u22127.85e\u22125", -7.8512e-5, None) and not agree("\u22127.85e\u22125", -7.86e-5, None)
    assert agree("1,300", 1300, None) and not agree("1,300", 1301, None)
    assert agree(0.25, 0.25 * (1 + 1e-12), None) and not agree(0.25, 0.25 * (1 + 1e-8), None)
    assert agree(None, None, None) and not agree(None, 0.0, None) and not agree(True, 1.0, None)

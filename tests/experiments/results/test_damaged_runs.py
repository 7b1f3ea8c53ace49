"""Run folders that are damaged, incomplete, edited, in use or full of links: one line, and nothing there is touched.

One small run is trained; each case damages a copy of it, and is then read, reported, compared and continued.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from carousel import load_best
from carousel.cli import app
from carousel.cli.ending import exit_code
from carousel.common.errors import CarouselError, FolderConflict
from carousel.common.texts import LANGUAGES
from carousel.experiments.compare import run_comparison
from carousel.experiments.conclusion import load_run
from carousel.experiments.preflight import preflight
from carousel.experiments.results.load import load_evidence
from carousel.experiments.runner import ledger_file
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.planning import ComparisonRequest
from tests.support.foreign import ours
from tests.support.runs import small_plan

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """The folder of a small run, judged and reported."""
    folder = tmp_path_factory.mktemp("finished")
    RunFolder(folder / "given").claim_for(small_plan(steps=30))
    known = preflight(ComparisonRequest(), folder / "given")
    run_comparison(known, folder / "run", 2, "en", None)
    return folder / "run"


@pytest.fixture
def run(finished, tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(ledger_file, "_OPENING_SECONDS", 0.2)
    return Path(shutil.copytree(finished, tmp_path / "run"))


def state(folder: Path) -> dict[str, str]:
    """Every file of a folder but the ledger's two helpers: name -> digest; of a link where it leads."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[str(path)] = str(path.readlink())
        elif path.is_file() and not path.name.endswith(("-wal", "-shm", ".lock")):
            found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """`carousel ARGUMENTS` ends with code 2 and this one line."""
    sys.argv = ["carousel", *arguments]
    code = exit_code(app.app)
    line = capsys.readouterr().err
    assert code == 2, line
    assert len(line.splitlines()) == 1 and line.startswith("carousel: ") and len(line) < 900, line
    return line


def wrote(name: str, content: str | bytes) -> Callable[[Path], Any]:
    return lambda run: (run / name).write_bytes(content.encode() if isinstance(content, str) else content)


def edited(name: str, old: str, new: str) -> Callable[[Path], Any]:
    def edit(run: Path) -> None:
        found = (run / name).read_text()
        assert old in found
        (run / name).write_text(found.replace(old, new))

    return edit


def gone(pattern: str) -> Callable[[Path], Any]:
    return lambda run: [path.unlink() for path in run.glob(pattern)]


def cut(pattern: str) -> Callable[[Path], Any]:
    return lambda run: [os.truncate(path, path.stat().st_size // 2) for path in run.glob(pattern)]


def sql(*statements: str) -> Callable[[Path], Any]:
    def edit(run: Path) -> None:
        with sqlite3.connect(run / "ledger.sqlite") as db:
            for statement in statements:
                db.execute(statement)
        db.close()

    return edit


def entry(column: str, change: Callable[[dict[str, Any]], Any], kind: str = "trial") -> Callable[[Path], Any]:
    """The JSON of every finished entry of a kind, changed by hand."""

    def edit(run: Path) -> None:
        db = sqlite3.connect(run / "ledger.sqlite")
        for name, text in db.execute(f"SELECT hash, {column} FROM jobs WHERE kind='{kind}'").fetchall():
            found = json.loads(text)
            change(found)
            db.execute(f"UPDATE jobs SET {column}=? WHERE hash=?", (json.dumps(found), name))
        db.commit()
        db.close()

    return edit


def of_trial(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda record: record["trial"].update(values)


def scored(number: str) -> Callable[[Path], Any]:
    return sql(f"""UPDATE jobs SET record=replace(record, '"score": ', '"score": {number}, "x": ')""")


def other_columns(run: Path) -> None:
    for path in run.glob("flow/*.parquet"):
        pl.DataFrame({"x": [1]}).write_parquet(path)


# name -> the damage, what the refusal says. Each is refused by report, load_evidence, load_run and compare --out alike.
DAMAGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no plan": (gone("plan.toml"), "no plan.toml"),
    "plan empty": (wrote("plan.toml", ""), "plan.toml"),
    "plan no TOML": (wrote("plan.toml", "= 3"), "plan.toml"),
    "plan no text": (wrote("plan.toml", b"\xff\xfe\x00"), "plan.toml"),
    "plan nested": (wrote("plan.toml", "x = " + "[" * 20_000), "plan.toml"),
    "plan with a wrong type": (edited("plan.toml", "steps = 30", 'steps = "many"'), "steps"),
    "plan with a word more": (edited("plan.toml", "schema_version = 3", "schema_version = 3\nx = 1"), "x: "),
    "plan of a million layers": (edited("plan.toml", "layers = 1", "layers = 1000000"), "layers"),
    "plan without steps": (edited("plan.toml", "steps = 30", "steps = 0"), "training"),
    "plan of an unknown cell": (edited("plan.toml", 'cell = "rnn"', 'cell = "rmn"'), "contenders"),
    "plan without its source's contenders": (
        edited("plan.toml", 'name = "delayed-recall"', 'name = "adding"'), "contenders"
    ),
    "plan with a rate that is no number": (edited("plan.toml", "0.003", "nan"), "learning rates"),
    "no ledger": (gone("ledger.sqlite"), "no ledger"),
    "ledger empty": (wrote("ledger.sqlite", ""), "ledger"),
    "ledger no database": (wrote("ledger.sqlite", "text " * 2000), "not a database"),
    "ledger cut": (cut("ledger.sqlite"), "ledger"),
    "ledger without its table": (sql("DROP TABLE jobs"), "ledger"),
    "description no JSON": (sql("UPDATE jobs SET description='{' WHERE kind='trial'"), "cannot be read"),
    "description edited": (entry("description", lambda d: d.update(seed=1)), "was changed"),
    "description of text": (sql("UPDATE jobs SET description='7'"), "cannot be read"),
    "record no JSON": (sql("UPDATE jobs SET record='{' WHERE kind='trial'"), "cannot be read"),
    "record absent": (sql("UPDATE jobs SET record=NULL"), "was changed"),
    "record without a trial": (entry("record", lambda r: r.pop("trial")), "damaged"),
    "record without a score": (entry("record", lambda r: r["trial"].pop("score")), "score has no value"),
    "record of a reporting trial that was pruned": (entry("record", of_trial(outcome="pruned")), "never pruned"),
    "record with a score of text": (entry("record", of_trial(score="high")), "damaged"),
    "record with an endless score": (scored("1e999"), "score has no value"),
    "record with NaN": (scored("NaN"), "cannot be read"),
    "record with a slope of text": (entry("record", lambda r: r.update(slopes="steep"), "initial-flow"), "damaged"),
    "profiles gone": (gone("flow/*.parquet"), "absent or damaged"),
    "profiles cut": (cut("flow/*.parquet"), "absent or damaged"),
    "profiles of other columns": (other_columns, "absent or damaged"),
    "profiles of text": (lambda run: [p.write_text("x" * 500) for p in run.glob("flow/*")], "absent or damaged"),
}  # fmt: skip
OVERWRITTEN_BY_COMPARE = {
    "no plan",
    "no ledger",
    "ledger empty",
}  # what compare makes anew


@pytest.mark.parametrize(("damage", "says"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_run_is_refused_in_one_line(damage, says, run, finished, tmp_path, capsys, request):
    damage(run)
    before = state(run)
    for read in (load_evidence, load_run):
        with pytest.raises(FolderConflict, match=says) as caught:
            read(run)
        assert all(ours(caught.value, lang) for lang in LANGUAGES)
    assert says in refused(capsys, "report", str(run))
    if request.node.callspec.id not in OVERWRITTEN_BY_COMPARE:
        refused(capsys, "compare", "--plan", str(finished), "--out", str(run), "--workers", "1")
    assert {name: state(run)[name] for name in before if "environment" not in name} == {
        name: digest for name, digest in before.items() if "environment" not in name
    }


def text_of(name: str) -> dict[str, tuple[Callable[[Path], Any], str]]:
    return {
        f"{name} no JSON": (wrote(name, "{"), name),
        f"{name} a list": (wrote(name, "[]"), name),
        f"{name} nested": (wrote(name, "[" * 50_000), name),
        f"{name} no text": (wrote(name, b"\xff\xfe"), name),
        f"{name} of other keys": (wrote(name, '{"kernels": 3, "claims": 3, "schema": 2}'), name),
    }


REPORTED = {**text_of("environment.json"), **text_of("card.json")}


@pytest.mark.parametrize(("damage", "says"), REPORTED.values(), ids=REPORTED)
def test_a_damaged_description_is_refused_in_one_line(damage, says, run, capsys):
    damage(run)
    before = state(run)
    with pytest.raises(FolderConflict) as caught:
        load_evidence(run)
    assert all(ours(caught.value, lang) for lang in LANGUAGES)
    assert says in refused(capsys, "report", str(run))
    assert state(run) == before


VERDICTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    **text_of("verdicts.json"),
    "no verdicts": (gone("verdicts.json"), "carousel report"),
    "a verdict that is no word": (edited("verdicts.json", '"not-tested"', '"perhaps"'), "verdict"),
    "a reason of one language": (edited("verdicts.json", '"zh": ', '"fr": '), "verdicts.json"),
    "an effect of text": (edited("verdicts.json", '"value": null', '"value": "much"'), "verdicts.json"),
    "no interim analyses": (edited("verdicts.json", '"interim_analyses": {', '"interim": {'), "interim"),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "says"), VERDICTS.values(), ids=VERDICTS)
def test_damaged_verdicts_are_refused_and_a_report_judges_anew(damage, says, run, capsys):
    damage(run)
    with pytest.raises(FolderConflict, match="carousel report") as caught:
        load_run(run)
    assert all(ours(caught.value, lang) for lang in LANGUAGES)
    assert says in refused(capsys, "verdicts", str(run))


@pytest.mark.parametrize("damage", [gone("trials/*.parquet"), cut("trials/*.parquet")], ids=["gone", "cut"])
def test_learning_curves_that_are_gone(damage, run, capsys):
    damage(run)
    with pytest.raises(FolderConflict, match=r"absent or damaged.*restore it from a copy"):
        load_run(run).curves()
    if any((run / "trials").iterdir()):  # a report of a folder that was copied without them has no curves
        assert "absent or damaged" in refused(capsys, "report", str(run))
    else:
        reported = load_run(run).trials.filter(pl.col("phase") == "reporting").height
        sys.argv = ["carousel", "report", str(run)]
        assert exit_code(app.app) == 0
        assert f"{reported} reported trials have no file of curves in the run folder" in capsys.readouterr().out


def test_a_ledger_in_use_is_not_called_damaged(run, finished, capsys):
    other = sqlite3.connect(run / "ledger.sqlite", isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    for command in (("report", str(run)), ("compare", "--plan", str(finished), "--out", str(run))):
        line = refused(capsys, *command)
        assert "another command is using it: wait for it, or give another --out" in line and "restore" not in line
    other.close()


def test_weights_of_the_advised_network_that_are_gone(run, monkeypatch, capsys):
    monkeypatch.setattr("carousel.experiments.judgement.recommend", lambda _: "rnn")
    gone("weights/*")(run)
    before = state(run)
    line = refused(capsys, "report", str(run))
    assert "the trained network to take away" in line and "restore it from a copy" in line and "free space" not in line
    assert state(run) == before


LINKED = ("answers", "best", "tables", "figures", "trials", "flow", "weights", "splits")


@pytest.mark.parametrize("name", LINKED)
@pytest.mark.parametrize("kind", ["link", "dead link", "file"])
def test_nothing_is_written_through_what_a_run_did_not_make(name, kind, run, finished, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("carousel.experiments.judgement.recommend", lambda _: "rnn")
    elsewhere = tmp_path / "elsewhere"
    if (run / name).is_dir():
        shutil.move(run / name, elsewhere)
    else:
        elsewhere.mkdir()
    if kind == "file":
        (run / name).write_text("mine")
    else:
        (run / name).symlink_to(elsewhere if kind == "link" else tmp_path / "nothing")
    before = state(tmp_path)
    if kind == "link" or name not in ("flow",):  # without its profiles a run is not read, so nothing is written
        assert repr(str(run / name)) in refused(capsys, "report", str(run))
    assert repr(str(run / name)) in refused(capsys, "compare", "--plan", str(finished), "--out", str(run))
    assert state(tmp_path) == before and not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("name", [".lock", "ledger.sqlite", "ledger.sqlite-wal", "verdicts.json", "report.html"])
def test_no_file_of_a_run_is_a_link(name, run, finished, tmp_path, capsys):
    (tmp_path / "mine").write_text("mine")
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(tmp_path / "mine")
    assert "is a link" in refused(capsys, "compare", "--plan", str(finished), "--out", str(run))
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_whole_run_is_read_reported_and_continued_without_work(run, finished, capsys):
    before = state(run)
    assert load_run(run).trials.height == load_evidence(run).trials.height
    sys.argv = ["carousel", "report", str(run)]
    assert exit_code(app.app) == 0
    sys.argv = ["carousel", "compare", "--plan", str(finished), "--out", str(run), "--workers", "2"]
    assert exit_code(app.app) == 0
    changed = {Path(name).name for name, digest in state(run).items() if before.get(name) != digest}
    assert changed <= {"environment.json", "ledger.sqlite", "progress.json"}


def test_a_folder_whose_name_is_not_utf_8(finished, tmp_path, capsys):
    name = os.fsdecode(b"run\xff\xfe")
    try:
        run = Path(shutil.copytree(finished, tmp_path / name))
    except OSError:
        pytest.skip("this file system has names in UTF-8 alone")
    sys.argv = ["carousel", "report", "--json", str(run)]
    assert exit_code(app.app) == 0
    printed = capsys.readouterr()
    assert "\\udcff" in printed.out and json.loads(printed.out)["folder"] == str(run)
    sys.argv = ["carousel", "verdicts", str(run)]
    assert exit_code(app.app) == 0
    sys.argv = ["carousel", "compare", "--plan", str(finished), "--out", str(tmp_path / os.fsdecode(b"n\xfe"))]
    assert exit_code(app.app) == 0
    repr(load_run(run)), load_run(run)._repr_html_()
    try:
        load_best(run)
    except CarouselError as error:
        assert str(error).isprintable()

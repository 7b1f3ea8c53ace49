"""`carousel.compare` from Python: rightly and wrongly used, in a script, interrupted, on other systems."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import carousel
from carousel.common.errors import FolderConflict, UserError
from carousel.experiments import compare as module
from carousel.experiments.preflight import Preflight
from carousel.experiments.runner.folder import RunFolder
from tests.support.runs import environment, small_plan

WRONG: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "unknown task": (("addng",), {}, "did you mean 'adding'"),
    "no such file": (("nothing.csv",), {}, "nothing.csv"),
    "no such path": ((Path("nothing"),), {}, "nothing"),
    "a frame": ((pl.DataFrame({"x": [1]}),), {}, "got: DataFrame; fix: write the data to a file"),
    "a file and a task": (("adding", "x.csv"), {}, "compared alone"),
    "plan and sources": (("adding",), {"plan": "runs/x"}, "holds every option already"),
    "plan of nothing": ((), {"plan": "runs/x"}, "there is no plan at 'runs/x'"),
    "no workers": (("adding",), {"workers": 0}, "1 to 1024"),
    "half a worker": (("adding",), {"workers": 1.5}, "whole number"),
    "no contenders": (("adding",), {"contenders": []}, "names nothing"),
    "unknown contender": (("adding",), {"contenders": ["lstmm"]}, "did you mean 'lstm'"),
    "contenders of numbers": (("adding",), {"contenders": [1, 2]}, "names nothing"),
    "one contender, not a list": (("adding",), {"contenders": 3}, "names nothing"),
    "lengths of text": (("adding",), {"lengths": ["30"]}, "whole number; got: '30'"),
    "no length": (("adding",), {"lengths": []}, "no length"),
    "unknown claim": (("adding",), {"claims": "gats"}, "did you mean 'gates'"),
    "unknown budget": (("adding",), {"budget": "quik"}, "did you mean 'quick'"),
    "unknown language": (("adding",), {"lang": "fr"}, "allowed: en, zh"),
    "parameters of text": (("adding",), {"parameters": "many"}, "whole number"),
    "file options of a task": (("adding",), {"target": "y"}, "none is given"),
    "split of text": (("adding",), {"split": "0.6,0.2,0.2"}, "no share"),
}


@pytest.mark.parametrize(("sources", "options", "message"), WRONG.values(), ids=WRONG)
def test_mistakes_are_one_line_and_leave_nothing(sources, options, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        carousel.compare(*sources, **options)
    assert message in str(caught.value) and "\n" not in str(caught.value) and "--" not in str(caught.value)
    assert capsys.readouterr() == ("", "")
    assert not list(tmp_path.iterdir())


def _planned(monkeypatch: pytest.MonkeyPatch, *sources: Any, **options: Any) -> Preflight:
    monkeypatch.setattr(module, "run_comparison", lambda known, *_: known)
    return module.compare(*sources, **options)  # type: ignore[return-value]


def test_nothing_given_is_the_suite_of_the_quick_budget(monkeypatch):
    plan = _planned(monkeypatch).plan
    assert plan.budget == "quick"
    assert {source.name for source in plan.sources} == {"delayed-recall", "adding", "random-recall"}


def test_texts_and_sequences_name_the_same(monkeypatch, tmp_path):
    one = _planned(monkeypatch, "adding", contenders="rnn,lstm:chrono,layers=2", lengths=30, claims="vanishing")
    other = _planned(
        monkeypatch, "adding", contenders=["rnn", "lstm:chrono,layers=2"], lengths=(30,), claims=["vanishing"]
    )
    assert one.plan == other.plan
    table = tmp_path / "t.csv"
    table.write_text("t,x\n" + "".join(f"{t},{t % 7}\n" for t in range(200)))
    options = {"order": "t", "window": 10, "contenders": ["rnn", "lstm"]}
    assert (
        _planned(monkeypatch, table, forecast="x", **options).plan
        == _planned(monkeypatch, str(table), forecast=["x"], **options).plan
    )


SCRIPT = """
import _thread, io, sys, threading, time
from pathlib import Path
sys.path.insert(0, {src!r})
import carousel
from carousel.experiments.status import status_of

def stop():
    while not list(Path("out").glob("trials/*.parquet")):
        time.sleep(0.05)
    _thread.interrupt_main()

threading.Thread(target=stop, daemon=True).start()
told = io.StringIO()
try:
    carousel.compare(plan="planned", out="out", workers=1, progress=told)
except KeyboardInterrupt:
    assert "Go on with the same" in told.getvalue()
    print("interrupted")
held = status_of(Path("out"))
assert held.state == "stopped" and 0 < held.counts["done"] < held.expected and held.sign.nodes, held
found = carousel.compare(plan="planned", out="out", workers=1, progress=False)
again = carousel.load_run("out")
whole = status_of(Path("out"))
assert whole.state == "done" and whole.counts["done"] == whole.expected == held.expected, whole
assert again.verdicts == found.verdicts and list(again.verdicts) == [*found.verdicts]
assert repr(found).count("\\n") < 12 and str(found.advice) == found.advice["en"]
assert "report.html" in found._repr_html_() and found.report.is_file() and found.folder == Path("out")
assert found.contenders.height == 2 and found.curves("rnn")["contender"].unique().to_list() == ["rnn"]
assert found.curves("nothing").is_empty() and found.curves("nothing").columns == found.curves().columns
assert found.verdicts["vanishing"].verdict and str(found.verdicts["vanishing"].because)
network, task = carousel.load_best("out")
assert found.best[1].name == task.name and not network.training
"""


@pytest.mark.slow
def test_a_script_without_a_guard_is_interrupted_and_goes_on(tmp_path: Path) -> None:
    """Run from standard input, as a notebook's cells are: there is no main module to import again."""
    RunFolder(tmp_path / "planned").claim_for(small_plan(steps=300))
    script = SCRIPT.format(src=str(Path(carousel.__file__).parents[1]))
    apart = {name: value for name, value in environment().items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-"], input=script, cwd=tmp_path, env=apart, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout == "interrupted\n"


def test_a_finished_run_is_read_without_torch_and_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderConflict, match="not the folder of a run"):
        carousel.load_run(tmp_path)
    with pytest.raises(FolderConflict, match="holds no trained contender"):
        carousel.load_best(tmp_path)
    code = "import sys, carousel; carousel.load_run; carousel.Conclusion; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env=environment())


OTHER_SYSTEM = """
import importlib, pkgutil, sys
import sklearn.ensemble, sklearn.linear_model
import filelock, torch, polars, pydantic, scipy.stats, numba, rich.console, typer, asyncio, multiprocessing, subprocess
sys.platform = {system!r}
sys.modules["fcntl"] = None
import carousel
for name in carousel.__all__:
    getattr(carousel, name)
for found in pkgutil.walk_packages(carousel.__path__, "carousel."):
    if ".triton" not in found.name and ".cluster.ray" not in found.name:
        importlib.import_module(found.name)
"""


@pytest.mark.slow
@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_everything_can_be_imported_where_there_is_no_fcntl(system: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OTHER_SYSTEM.format(system=system)], capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0, done.stderr

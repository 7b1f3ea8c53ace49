"""`carousel doctor` as a person gives it: a file of theirs, in a real process; every mistake in one line."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from carousel.cli.user_code import OPTIONS
from carousel.common.pages.own_page import mark
from carousel.common.texts import text
from carousel.introspect.diagnosis import diagnose
from carousel.introspect.diagnosis.symptoms import SYMPTOMS
from tests.support.forked import forked
from tests.support.runs import command, environment

#: A network whose forget gates are shut, so that it cannot learn what it is asked over 60 steps.
SICK = """
import argparse
import torch
from torch import nn
from sizes import WIDTH  # a file beside this one

print("a word of the user's")
arguments = argparse.ArgumentParser().parse_args()  # sees no options of ours


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.LSTM(4, WIDTH, batch_first=True)
        self.out = nn.Linear(WIDTH, 3)
        with torch.no_grad():
            self.encoder.bias_ih_l0[WIDTH : 2 * WIDTH] -= 6

    def forward(self, x):
        return self.out(self.encoder(x)[0][:, -1])


def loss(model, batch):
    from late import chance  # imported when it is needed
    x, y = batch
    return nn.functional.cross_entropy(model(x), y) + 0 * chance


def make():
    torch.manual_seed(0)
    return Net(), (torch.randn(8, 60, 4), torch.randint(3, (8,))), loss


def told():
    model, batch, loss_fn = make()
    return model, batch, loss_fn, {"optimizer": torch.optim.Adam(model.parameters(), 1e-3), "causal": None}


if __name__ == "__main__":
    raise SystemExit("training")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with train.py and what it imports, and another folder to work in."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text(SICK)
    (folder / "sizes.py").write_text("WIDTH = 16\n")
    (folder / "late.py").write_text("chance = 1\n")
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return forked("doctor", *arguments, cwd=folder)


@pytest.mark.slow
def test_a_sick_model_end_to_end(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = run(elsewhere, str(project / "train.py") + ":make")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == ["a word of the user's", lines[1]]
    assert lines[1].startswith("Net: 1,459 parameters, T = 60, B = 8")
    assert lines[-1] == "page: doctor.html"
    page = (elsewhere / "doctor.html").read_text(encoding="utf-8")
    assert mark("doctor") in page
    assert "encoder.l0" in page
    assert {path.name for path in elsewhere.iterdir()} == {"doctor.html"}


@pytest.mark.slow
def test_json_stands_alone_on_standard_output_and_make_is_the_function_unless_another_is_named(project: Path) -> None:
    done = run(project, "train.py", "--json", "--lang", "zh", "--out", "pages/a.html")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["schema"] == 1
    assert printed["facts"]["model"] == "Net"
    assert printed["page"] == str(Path("pages/a.html"))
    assert printed["looked_for"] >= len(printed["not_assessed"])
    severities = [("critical", "warning", "info").index(finding["severity"]) for finding in printed["findings"]]
    assert severities == sorted(severities)
    for told in printed["findings"]:
        for part in ("title", "evidence", "cause", "advice", "limits"):
            assert set(told[part]) == {"en", "zh"}
    assert "a word of the user's" in done.stderr
    assert "Net：1,459 个参数" in done.stderr
    assert '<html lang="zh">' in (project / "pages" / "a.html").read_text(encoding="utf-8")
    again = run(project, "train.py:told", "--out", "pages/a.html", "--lang", "zh")
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[-1] == f"网页：{Path('pages/a.html')}"
    page = (project / "pages" / "a.html").read_text(encoding="utf-8")  # written anew: it is a page of ours
    assert text("doctor.page.note.changed", "en") not in page  # an optimizer's trial step is not left behind


HEAD = """
import torch
from torch import nn

def loss(model, batch):
    return nn.functional.cross_entropy(model(batch[0])[0][:, -1], batch[1])

BATCH = (torch.randn(4, 9, 3), torch.randint(5, (4,)))
"""
MISTAKES = {
    "no such file": ("", "nothing.py:make", ["there is no file 'nothing.py'"]),
    "a folder": ("", ".:make", ["there is no file '.'", "got: a folder"]),
    "no Python file": ("", "notes.txt:make", ["notes.txt is no Python file"]),
    "no such function": ("def make(): ...\ndef other(): ...", "train.py:mak", ["unknown function of train.py 'mak'",
                         "allowed: make, other", "did you mean 'make'?"]),
    "no function at all": ("x = 1", "train.py:make", ["train.py defines no function 'make'", "def make(): ..."]),
    "no function": ("make = 3", "train.py", ["make in train.py is no function", "of type int"]),
    "needs arguments": ("def make(size, depth=2): ...", "train.py", ["needs arguments", "make(size, depth=2)"]),
    "broken syntax": ("x = 1\ndef make(:", "train.py", ["raised SyntaxError", "got: train.py, line 2"]),
    "binary": ("x = 1\0", "train.py", ["importing train.py raised", "null bytes"]),
    "missing package": ("import nowhere_to_be_found", "train.py",
                        ["ModuleNotFoundError: No module named", "got: train.py, line 1: import nowhere_to_be_found"]),
    "the file ends the program": ("raise SystemExit(3)", "train.py", ["importing train.py raised SystemExit: 3"]),
    "make raises": ("import helper\ndef make():\n    return helper.half(1)", "train.py",
                    ["make() raised ValueError: no half of 1", "got: helper.py, line 3: raise ValueError(",
                     "--traceback shows all of it"]),
    "a message of several lines": ("def make():\n    raise KeyError('a\\nb' * 500)", "train.py",
                                   ["make() raised KeyError", "..."]),
    "returns nothing": ("def make(): pass", "train.py", ["make() in train.py returns the wrong things", "NoneType",
                        "allowed: (model, batch, loss_fn)"]),
    "two things": ("def make(): return 1, 2", "train.py", ["got: 2 things"]),
    "each thing wrong": ("def make(): return 'm', None, 3.0, 4", "train.py",
                         ["model is of type str and no torch.nn.Module", "batch is None",
                          "loss_fn is of type float and no function", "the options are of type int and no dict"]),
    "a class": (HEAD + "def make(): return nn.LSTM, BATCH, loss", "train.py", ["model is the class LSTM itself"]),
    "a module as loss": (HEAD + "def make(): return nn.LSTM(3, 5), BATCH, nn.MSELoss()", "train.py",
                         ["loss_fn is of type MSELoss and no function of (model, batch)"]),
    "loss of one": (HEAD + "def make(): return nn.LSTM(3, 5), BATCH, lambda model: 0", "train.py",
                    ["loss_fn(model) does not take (model, batch)"]),
    "unknown option": (HEAD + "def make(): return nn.LSTM(3, 5), BATCH, loss, {'optimiser': 1}", "train.py",
                       ["unknown option of make() in train.py 'optimiser'", "did you mean 'optimizer'?"]),
    "wrong options": (HEAD + "def make(): return nn.LSTM(3, 5), BATCH, loss, {'causal': 1, 'dependency': True}",
                      "train.py", ["causal is of type int and no bool", "dependency is of type bool and no int"]),
    "no recurrent part": (HEAD + "def make(): return nn.Linear(3, 5), BATCH, loss", "train.py",
                          ["Linear holds no recurrent module"]),
    "recurrent part not called": (HEAD + "def make():\n"
                                  "    return nn.LSTM(3, 5), BATCH, lambda model, batch: model.weight_hh_l0.sum()",
                                  "train.py", ["ran none of the model's recurrent modules"]),
    "loss without a gradient": (HEAD + "def make(): return nn.LSTM(3, 5, batch_first=True), BATCH, "
                                "lambda model, batch: loss(model, batch).detach()", "train.py",
                                ["the loss does not require a gradient"]),
    "loss of many numbers": (HEAD + "def make(): return nn.LSTM(3, 5), BATCH, lambda model, batch: model(batch[0])[0]",
                             "train.py", ["loss_fn returned more than one number"]),
    "a loss as a number": (HEAD + "def make(): return nn.LSTM(3, 5, batch_first=True), BATCH, "
                           "lambda model, batch: loss(model, batch).item()", "train.py", ["did not return a loss"]),
    "NaN in the batch": (HEAD + "def make():\n    BATCH[0][1, 2, 0] = float('nan')\n"
                         "    return nn.LSTM(3, 5, batch_first=True), BATCH, loss", "train.py",
                         ["the batch holds NaN"]),
    "loss_fn raises": (HEAD + "def make(): return nn.LSTM(3, 5), (BATCH[0], BATCH[1][:2]), loss", "train.py",
                       ["loss_fn(model, batch) raised", "got: train.py, line 6: return nn.functional"]),
    "the backward pass raises": (HEAD + "def twice(model, batch):\n    found = loss(model, batch)\n"
                                 "    found.backward()\n    return found\n"
                                 "def make(): return nn.LSTM(3, 5, batch_first=True), BATCH, twice",
                                 "train.py", ["loss_fn(model, batch) raised RuntimeError", "the backward pass"]),
    "unknown language": (HEAD + "def make(): return 1", "train.py --lang fr", ["allowed: en, zh"]),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line(tmp_path: Path, name: str) -> None:
    source, arguments, says = MISTAKES[name]
    (tmp_path / "train.py").write_text(source)
    (tmp_path / "notes.txt").write_text("x = 1")
    (tmp_path / "helper.py").write_text("def half(n):\n    if n % 2:\n        raise ValueError(f'no half of {n}')\n")
    done = forked("doctor", *arguments.split(), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for part in says:
        assert part in done.stderr
    assert not (tmp_path / "doctor.html").exists()


def test_traceback_shows_where_it_came_from(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "def inner():\n    raise ValueError('deep')\n\ndef make():\n    return inner()\n"
    )
    done = run(tmp_path, "train.py", "--traceback")
    assert done.returncode == 2
    assert "line 5, in make" in done.stderr
    assert "line 2, in inner" in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "carousel: make() raised ValueError: deep; got: train.py, line 2: raise ValueError('deep')"
    )


def test_a_file_of_another_origin_is_not_overwritten_nor_is_the_model_run(project: Path) -> None:
    (project / "doctor.html").write_text("<p>mine</p>")
    done = run(project, "train.py")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "'doctor.html' was not written by carousel doctor" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert (project / "doctor.html").read_text() == "<p>mine</p>"


@pytest.mark.slow
def test_a_fault_of_carousel_is_not_blamed_on_the_user(project: Path) -> None:
    code = (
        "import sys\n"
        "from carousel.introspect.diagnosis.symptoms import SYMPTOMS\n"
        "def broken(context): context.loss_fn(None, None)\n"
        "type(SYMPTOMS[0]).examine = lambda self, context: broken(context)\n"
        "broken.__code__ = broken.__code__.replace(co_filename=sys.modules[type(SYMPTOMS[0]).__module__].__file__)\n"
        "from carousel.cli.app import main\n"
        "sys.argv = ['carousel', 'doctor', 'train.py']\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), cwd=project)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_the_help_says_what_the_function_returns_and_the_first_page_names_the_command() -> None:
    told = " ".join(forked("doctor", "--help").stdout.split())
    assert "takes nothing and returns (model, batch, loss_fn)" in told
    assert all(option in told for option in OPTIONS)
    assert "Find what is wrong inside a recurrent PyTorch model" in forked("--help").stdout


def test_every_option_of_diagnose_can_be_given() -> None:
    named = [p.name for p in inspect.signature(diagnose).parameters.values() if p.kind is p.KEYWORD_ONLY]
    assert [*OPTIONS, "looking"] == named  # the command itself looks


def test_whoever_looks_on_is_told_each_symptom_before_it_is_looked_for() -> None:
    model, seen = nn.RNN(2, 3, batch_first=True), list[str]()
    diagnose(model, torch.randn(2, 5, 2), lambda model, x: model(x)[0].square().mean(), looking=seen.append)
    assert seen == [symptom.id for symptom in SYMPTOMS]


def title(symptom: str) -> str:
    return text(f"doctor.{symptom.replace('-', '_')}.title", "zh")


@pytest.mark.slow
def test_a_terminal_shows_what_is_looked_for_and_nothing_of_it_stays(project: Path) -> None:
    ours, theirs = os.openpty()
    typed, terminal = command("doctor", "train.py", "--lang", "zh"), environment() | {"TERM": "xterm"}
    done = subprocess.run(typed, stdout=subprocess.PIPE, stderr=theirs, env=terminal, cwd=project, text=True)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode().split("\r\x1b[K")
    os.close(ours)
    assert done.returncode == 0, shown
    assert shown[1:-1] == [
        text("doctor.cli.looking", "zh", n=n, all=len(SYMPTOMS), what=title(symptom.id))
        for n, symptom in enumerate(SYMPTOMS, 1)
    ]
    assert (shown[0], shown[-1]) == ("", "")
    assert "\x1b" not in done.stdout

"""`load_best` on damaged and hostile files: one line, soon, before anything of their size is made."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from carousel import load_best
from carousel.common.errors import FolderConflict
from carousel.common.texts import LANGUAGES
from carousel.experiments.data import Prepared
from carousel.experiments.tasks import task
from carousel.experiments.training.description import Contender, TaskSource
from carousel.experiments.training.trial import build_contender
from tests.support.foreign import ours

CONTENDER = {"spec": "lstm:chrono,layers=2", "cell": "lstm", "init": "chrono", "layers": 2, "hidden": 8}
Edit = Callable[[Path], None]


def make_best(folder: Path) -> Path:
    """best/ of a network that nobody trained."""
    made = task("delayed-recall", 8)
    gates, inputs = 4 * 8, made.inputs
    parameters = gates * (inputs + 8 + 1) + gates * (8 + 8 + 1) + (8 + 1) * made.outputs
    contender = Contender(**CONTENDER, parameters=parameters)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(build_contender(contender, made, 7).state_dict(), folder / "model.safetensors")
    source = TaskSource(name="delayed-recall").model_dump()
    about = {"schema": 1, "contender": contender.model_dump(), "source": source, "length": 8, "seed": 7}
    (folder / "contender.json").write_text(json.dumps(about))
    return folder


def said(path: Path) -> str:
    """What `load_best` refuses the folder with; one line, within two seconds and 300 MB."""
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(FolderConflict) as caught:
        load_best(path)
    assert time.monotonic() - began < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000
    line = str(caught.value)
    assert "\n" not in line and "fix:" in line and len(line) < 1000 + len(str(path))
    assert all(ours(caught.value, lang) for lang in LANGUAGES)
    return line


def about(**changes: Any) -> Edit:
    """contender.json with other values."""
    return lambda best: _edit_json(best, lambda found: found | changes)


def contender(**changes: Any) -> Edit:
    """The same of what is under "contender"."""
    return lambda best: _edit_json(best, lambda found: found | {"contender": found["contender"] | changes})


def text(content: str | bytes) -> Edit:
    return lambda best: (best / "contender.json").write_bytes(content.encode() if isinstance(content, str) else content)  # type: ignore[return-value]


def weights(change: Callable[[dict[str, torch.Tensor]], Any]) -> Edit:
    """model.safetensors with other tensors."""

    def edit(best: Path) -> None:
        found = {name: tensor.clone() for name, tensor in load_file(best / "model.safetensors").items()}
        change(found)
        save_file({name: tensor.contiguous() for name, tensor in found.items()}, best / "model.safetensors")

    return edit


def cut(to: int) -> Edit:
    return lambda best: os.truncate(best / "model.safetensors", to)


def replaced(name: str, by: Callable[[Path], Any]) -> Edit:
    def edit(best: Path) -> None:
        (best / name).unlink()
        by(best / name)

    return edit


def _edit_json(best: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    path = best / "contender.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


W, B = "cells.0.weight_hh", "linear.bias"
DAMAGES: dict[str, tuple[Edit, str]] = {
    "empty": (text(""), "no JSON"),
    "not JSON": (text("{oops"), "no JSON"),
    "not text": (text(b"\xff\xfe\x00{"), "no JSON"),
    "nested": (text("[" * 100_000), "nested too deeply"),
    "a list": (text("[1, 2]"), "contender.json"),
    "null": (text("null"), "contender.json"),
    "a number": (text("7"), "contender.json"),
    "large": (text(" " * 2_000_000), "bytes"),
    "no contender": (about(contender=None), "contender"),
    "a contender that is a list": (about(contender=[]), "contender"),
    "no source": (about(source=3), "source"),
    "unknown kind of source": (about(source={"kind": "url", "name": "x"}), "source"),
    "unknown task": (about(source={"kind": "task", "name": "addng"}), "did you mean 'adding'"),
    "another task": (about(source={"kind": "task", "name": "adding"}), "parameters"),
    "length of text": (about(length="8"), "length"),
    "no length": (about(length=None), "length"),
    "negative length": (about(length=-8), "length"),
    "endless length": (about(length=10**30), "length"),
    "long table": (about(source={"kind": "task", "name": "random-labels"}, length=1_000_000), "shorter sequences"),
    "seed of text": (about(seed="a"), "seed"),
    "seed that is half": (about(seed=1.5), "seed"),
    "endless seed": (about(seed=10**40), "seed"),
    "a later schema": (about(schema=3), "schema"),
    "unknown cell": (contender(cell="lstmm", spec="lstmm"), "unknown contender"),
    "another cell": (contender(cell="gru"), "describes another"),
    "cell that is a list": (contender(cell=["lstm"]), "contender.cell"),
    "unknown initialisation": (contender(init="chorno", spec="lstm:chorno,layers=2"), "did you mean 'chrono'"),
    "endless initialisation": (contender(init="chrono-" + "9" * 400, spec=f"lstm:chrono-{'9' * 400},layers=2"), ""),
    "two names": (contender(spec="lstm:chrono,layers=2,gru"), ""),
    "no name": (contender(spec=""), "no contender"),
    "a million layers": (contender(layers=1_000_000, spec="lstm:chrono,layers=1000000"), "contender.layers"),
    "no layers": (contender(layers=0), "contender.layers"),
    "layers of text": (contender(layers="many"), "contender.layers"),
    "a billion units": (contender(hidden=10**9), "contender.hidden"),
    "negative units": (contender(hidden=-8), "contender.hidden"),
    "a million units": (contender(hidden=10**6, parameters=16_000_000_000_000), "parameters"),
    "a million units, counted": (contender(hidden=2**20, layers=1, spec="lstm:chrono", parameters=4398122106888), ""),
    "other parameters": (contender(parameters=5), "parameters"),
    "endless parameters": (contender(parameters=10**60), "parameters"),
    "an MLP": (contender(mlp=16), "no size of a lstm"),
    "no MLP": (contender(cell="transformer", init="default", spec="transformer,layers=2"), "size"),
    "an unknown entry": (contender(extra=1), "contender.extra"),
    "no weights": (lambda best: (best / "model.safetensors").unlink(), "No such file"),
    "weights cut to nothing": (cut(0), "model.safetensors"),
    "header cut": (cut(40), "model.safetensors"),
    "weights cut": (cut(1200), "model.safetensors"),
    "endless header": (replaced("model.safetensors", lambda p: p.write_bytes(b"\xff" * 7 + b"\x0f" * 20)), "model."),
    "a tensor less": (weights(lambda w: w.pop(B)), "lacks the tensor 'linear.bias'"),
    "a matrix less": (weights(lambda w: w.pop(W)), "numbers of"),
    "a tensor more": (weights(lambda w: w.update(x=torch.zeros(3))), "does not have"),
    "another shape": (weights(lambda w: w.update({W: w[W].T.contiguous()})), "float32 [8, 32], the network's"),
    "one axis": (weights(lambda w: w.update({W: w[W].flatten()})), "float32 [256]"),
    "doubles": (weights(lambda w: w.update({W: w[W].double()})), "is float64"),
    "whole numbers": (weights(lambda w: w.update({W: w[W].int()})), "is int32"),
    "half": (weights(lambda w: w.update({W: w[W].bfloat16()})), "is bfloat16"),
    "not a number": (weights(lambda w: w[W].fill_(float("nan"))), "NaN or infinite"),
    "infinite": (weights(lambda w: w[B].__setitem__(0, float("-inf"))), "NaN or infinite"),
    "weights that are a folder": (replaced("model.safetensors", Path.mkdir), "a folder"),
    "weights without end": (replaced("model.safetensors", lambda p: p.symlink_to("/dev/zero")), "no regular file"),
    "a pipe": (replaced("contender.json", os.mkfifo), "no regular file"),
    "a file without data": (
        about(source={"kind": "file", "name": "x", "file": "x.csv", "sha256": "0"}), "data.npz' is absent or damaged"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "says"), DAMAGES.values(), ids=DAMAGES)
def test_damage_is_told_in_one_line(damage, says, tmp_path):
    best = make_best(tmp_path / "best")
    damage(best)
    assert says in said(tmp_path)


def test_what_is_whole_is_loaded(tmp_path):
    network, made = load_best(make_best(tmp_path / "best"))
    assert made.name == "delayed-recall" and not network.training


@pytest.mark.parametrize("path", ["nothing", "a\0b", "x" * 5000], ids=["absent", "null", "long"])
def test_what_is_no_folder(path, tmp_path):
    said(tmp_path / path)


def _prepared(**changes: Any) -> Prepared:
    import numpy as np

    whole = {
        "kind": "classification", "name": "x", "sha256": "0", "x": np.zeros((8, 2), np.float32),
        "starts": np.array([0, 2, 4, 6]), "lengths": np.array([2, 2, 2, 2]), "part": np.array([0, 1, 2, 0]),
        "y": np.array([0, 1, 0, 1]), "mean": np.zeros(2), "std": np.ones(2), "y_mean": np.zeros(0),
        "y_std": np.zeros(0), "y_channels": np.zeros(0, np.int64), "card": {"classes": [{}, {}]},
    }  # fmt: skip
    return Prepared(**whole | {name: np.asarray(v) if isinstance(v, list) else v for name, v in changes.items()})


MISFITS: dict[str, dict[str, Any]] = {
    "kind": {"kind": "picture"},
    "name": {"name": 3},
    "x": {"x": [[float("nan"), 0.0]] * 8},
    "starts": {"starts": [0, 2, 4, 7]},
    "starts ": {"starts": [-1, 2, 4, 6]},
    "starts  ": {"starts": [2**62, 2, 4, 6]},
    "lengths": {"lengths": [2, 2, 0, 2]},
    "lengths ": {"lengths": [2, 2, 2]},
    "part": {"part": [0, 1, 1, 0]},
    "part ": {"part": [0, 1, 2, 9]},
    "y": {"y": [0, 1, 0, 2]},
    "y ": {"y": [0, 1, 0]},
    "y  ": {"y": [0.0, 1.0, 0.0, 1.0]},
    "mean": {"mean": [0.0]},
    "scales": {"std": [1.0, float("inf")]},
}


@pytest.mark.parametrize(("name", "changes"), MISFITS.items(), ids=[*MISFITS])
def test_arrays_that_do_not_fit_each_other(name, changes, tmp_path):
    _prepared().save(tmp_path / "whole.npz")
    Prepared.load(tmp_path / "whole.npz")
    _prepared(**changes).save(tmp_path / "data.npz")
    with pytest.raises(FolderConflict, match=f"{name.strip()} does not fit"):
        Prepared.load(tmp_path / "data.npz")

"""What is exported, run: in ONNX Runtime, compiled by gcc with all warnings as errors, simulated, loaded by torch."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carousel.common.errors import UserError
from carousel.experiments.results.rebuild import load_taken
from carousel.experiments.takeaway.export import export as exporting
from carousel.experiments.takeaway.export.export import Exported, export
from carousel.experiments.takeaway.export.portable import portable, raw_sequences
from carousel.experiments.takeaway.export.runs import session_of, zero_states
from carousel.experiments.takeaway.export.verilog import cycles
from carousel.experiments.takeaway.predict import prepared_of
from tests.support.exported import torch_is_off
from tests.support.taken_folder import taken_folder

CASES = [("classes", "lstm,layers=2"), ("values", "gru"), ("series", "lstm-coupled"), ("series", "rnn-relu:identity"),
         ("values", "rnn"), ("classes", "lstm-1997")]  # fmt: skip


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """best/ of a network that nobody trained, made once."""
    made: dict[tuple[str, str], Path] = {}

    def make(kind: str, spec: str) -> Path:
        if (kind, spec) not in made:
            made[kind, spec] = taken_folder(tmp_path_factory.mktemp(kind), kind, spec)
        return made[kind, spec]

    return make


@pytest.mark.parametrize(("kind", "spec"), CASES)
def test_onnx_and_c_answer_as_the_network(
    kind: str, spec: str, folder_of: Callable[[str, str], Path], tmp_path: Path
) -> None:
    off: dict[str, tuple[float, float]] = {}
    for to in ("onnx", "c"):
        found = export(folder_of(kind, spec), to, tmp_path / to)
        exact, whole = found.parity
        off[to] = whole.largest, whole.score
        assert exact.largest < 1e-5 and exact.sequences >= 60, exact
        assert 0 < whole.largest < 0.05 and abs(whole.score - whole.score_torch) < 0.05, whole
        for name in found.files:
            assert (tmp_path / to / name).stat().st_size > 100
        told = (tmp_path / to / "PARITY.md").read_text()
        assert exact.name in told and f"{exact.largest:.2e}" in told
    sizes = [(tmp_path / "onnx" / f"model_{number}.onnx").stat().st_size for number in ("float32", "int8")]
    assert sizes[1] < sizes[0] or sizes[0] < 9000  # of a network of few weights the nodes are the most
    assert off["onnx"] == pytest.approx(off["c"], abs=1e-5)  # both quantise alike


def assert_stepped(session: Any, raw: np.ndarray, state: dict[str, np.ndarray], whole: list[Any]) -> None:
    """Step by step the graph comes to the answer and states of the whole. raw: [T, B, c]."""
    ones = np.ones(raw.shape[1], np.int32)
    for step in raw:
        answer, hn, cn = session.run(None, {"x": step[None], "lengths": ones, **state})
        state = {"h0": hn, "c0": cn}
    for stepped, at_once in zip((answer, hn, cn), whole, strict=True):
        np.testing.assert_allclose(stepped, at_once, atol=2e-6, rtol=2e-6)


@pytest.mark.parametrize(("kind", "number"), [("classes", "float32"), ("series", "float32"), ("classes", "int8")])
def test_onnx_goes_on_from_its_own_state_step_by_step(
    kind: str, number: str, folder_of: Callable[[str, str], Path]
) -> None:
    taken = load_taken(folder_of(kind, "lstm,layers=2"))
    trained = prepared_of(taken, "")
    described = portable(taken.network, trained)
    raw = np.stack(raw_sequences(trained, trained.rows("test")[:3])).astype(np.float32).transpose(1, 0, 2)
    content = exporting._onnx(described)[f"model_{number}.onnx"]
    session, state = session_of(content), zero_states(described, 3)
    ones = np.ones(3, np.int32)
    whole: list[Any] = session.run(None, {"x": raw, "lengths": len(raw) * ones, **state})
    assert_stepped(session, raw, state, whole)
    short = session.run(None, {"x": raw, "lengths": np.array([2, 5, 6], np.int32), **zero_states(described, 3)})
    cut = session.run(None, {"x": raw[:2, :1], "lengths": ones[:1] * 2, **zero_states(described, 1)})
    np.testing.assert_allclose(short[0][:1], cut[0], atol=2e-6, rtol=2e-6)


@pytest.mark.parametrize(("kind", "spec"), [CASES[0], CASES[1], CASES[3], CASES[4]])
def test_verilog_nears_the_network_with_the_bits(
    kind: str, spec: str, folder_of: Callable[[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MOST", 12)  # sequences: a simulation is slow
    found = export(folder_of(kind, spec), "verilog", tmp_path)
    errors = [one.largest for one in found.parity]
    assert len(errors) == 3 and errors[0] > 4 * errors[1] > 16 * errors[2]
    assert errors[1] < 1e-3 and abs(found.parity[1].score - found.parity[1].score_torch) < 0.02
    taken = load_taken(folder_of(kind, spec))
    described = portable(taken.network, prepared_of(taken, ""))
    assert {one.about["clocks a step"] for one in found.parity} == {float(cycles(described))}
    assert json.loads((tmp_path / "scaling.json").read_text())["fraction"] == 12


def test_plain_torch_needs_no_carousel(folder_of: Callable[[str, str], Path], tmp_path: Path) -> None:
    found: Exported = export(folder_of("series", "lstm-coupled"), "torch", tmp_path)
    assert found.parity[0].largest < 1e-5
    assert "carousel" not in (tmp_path / "model.py").read_text()


@pytest.mark.parametrize(("kind", "spec"), [("classes", "lstm"), ("values", "gru,layers=2"), ("series", "rnn")])
def test_an_ensemble_answers_by_its_mean_inside_what_is_exported(kind: str, spec: str, tmp_path: Path) -> None:
    best = taken_folder(tmp_path, kind, spec, members=3)
    taken = load_taken(best)
    alone = portable(taken.network, prepared_of(taken, "")).members
    assert len(alone) == 3 and len({member.weight.tobytes() for member in alone}) == 3
    exact, whole = export(best, "onnx", tmp_path / "onnx").parity
    assert exact.largest < 1e-5 and exact.sequences >= 60 and 0 < whole.largest < 0.05, (exact, whole)
    export(best, "torch", tmp_path / "torch", check=False)
    assert torch_is_off(best, tmp_path / "torch") < 1e-5
    for to in ("c", "verilog"):
        with pytest.raises(UserError, match=f"to onnx and torch alone; got: {to}, 3 networks; fix: take --to onnx"):
            export(best, to, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_ensemble_in_onnx_goes_on_from_the_states_of_all_its_members(tmp_path: Path) -> None:
    taken = load_taken(taken_folder(tmp_path, "series", "lstm,layers=2", members=3))
    trained = prepared_of(taken, "")
    described = portable(taken.network, trained)
    raw = np.stack(raw_sequences(trained, trained.rows("test")[:2])).astype(np.float32).transpose(1, 0, 2)
    for content in exporting._onnx(described).values():
        session, state, ones = session_of(content), zero_states(described, 2), np.ones(2, np.int32)
        assert state["h0"].shape[0] == 6  # two layers of three members
        whole: list[Any] = session.run(None, {"x": raw, "lengths": len(raw) * ones, **state})
        assert_stepped(session, raw, state, whole)


def test_what_cannot_be_exported_is_one_line_and_nothing_is_written(
    folder_of: Callable[[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = folder_of("values", "gru")
    transformer = folder_of("values", "transformer")
    with pytest.raises(UserError, match=r"unknown target of an export 'onx'; .*did you mean 'onnx'"):
        export(best, "onx", tmp_path / "out")
    with pytest.raises(UserError, match="only recurrent networks are exported; got: a Transformer"):
        export(transformer, "c", tmp_path / "out")
    with pytest.raises(UserError, match="these bits make no fixed-point numbers"):
        export(best, "verilog", tmp_path / "out", width=12, fraction=11)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UserError, match=r"there is no gcc here; fix: install it .*or --unchecked"):
        export(best, "c", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert export(best, "c", tmp_path / "out", check=False).parity == ()
    assert not (tmp_path / "out" / "PARITY.md").exists()

"""A new file of each kind that a comparison reads: the network's own answers; what does not fit is one line."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import savemat

from carousel import load_best
from carousel.common.error_words import line_in
from carousel.common.errors import UserError
from carousel.common.shapes import at_last_step
from carousel.experiments.data import DataOptions
from carousel.experiments.takeaway.predict import predict
from carousel.experiments.takeaway.serve import application
from carousel.experiments.takeaway.write import write_predictions
from tests.support.taken_folder import folder_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 6, 2))
X[3, 4, 0] = np.nan
LENGTHS = RNG.integers(3, 7, 40)
SIGNS = np.where(X[:, 0, 1] > 0, "up", "down")
HEADER = "@timeStamps false\n@classLabel true down up\n@data\n"


def cases(values: np.ndarray, labels: list[str]) -> str:
    """The body of a .ts file."""
    dimensions = [":".join(",".join(map(str, column)) for column in one.T) for one in values]
    return "".join(f"{one}{label}\n" for one, label in zip(dimensions, labels, strict=True)).replace("nan", "?")


def logits(best: Path, lengths: np.ndarray | None = None) -> np.ndarray:
    """Of all sequences that the network was trained on."""
    network, task = load_best(best)
    batch = task.held_out("test")
    with torch.no_grad():
        found: np.ndarray = network(batch.x, batch.lengths).double().numpy()
    return found


def shares(best: Path) -> np.ndarray:
    found: np.ndarray = torch.tensor(logits(best)).softmax(dim=1).numpy()
    return found


def test_arrays_are_answered_without_their_targets(tmp_path: Path) -> None:
    np.savez(tmp_path / "known.npz", x=X, y=SIGNS, lengths=LENGTHS)
    best = folder_of(tmp_path / "known.npz", DataOptions(), "gru")
    np.savez(tmp_path / "new.npz", x=X[::-1], lengths=LENGTHS[::-1])
    found = predict(best, tmp_path / "new.npz").table
    np.testing.assert_allclose(found.select("p(down)", "p(up)").to_numpy()[::-1], shares(best), atol=1e-6)
    assert found["sequence"].to_list() == [str(n) for n in range(40)]
    gap = X.copy()
    gap[5, 2, 1] = np.nan
    for arrays, says in (
        ({"x": X[:, :, :1]}, r"not have the channels of training; allowed: 2: x0, x1; got: 1: x0"),
        (
            {"x": gap},
            r"channel 'x1' misses a value at step 2 of sequence '5', and never missed one in training; got: 1",
        ),
        ({"x": np.concatenate([X, X], axis=1)}, r"sequence '0' is longer .*allowed: at most 6 steps"),
        ({"x": X[0, :, 0]}, r"array 'x' has the wrong shape; allowed: \[N, T, C\] or \[N, T\]"),
        ({"y": X}, r"the file has no array 'x'"),
        ({"x": np.full_like(X, np.inf)}, r"array 'x' holds an infinite value"),
    ):
        np.savez(tmp_path / "bad.npz", **arrays)
        with pytest.raises(UserError, match=says) as refused:
            predict(best, tmp_path / "bad.npz")
        assert "\n" not in str(refused.value) and line_in(refused.value, "zh") != str(refused.value)
    with pytest.raises(UserError, match=r"another kind than the one trained on; allowed: \.npz; got: new\.csv"):
        (tmp_path / "new.csv").write_text("a,b\n1,2\n")
        predict(best, tmp_path / "new.csv")
    with pytest.raises(UserError, match="only a network of a table is served"):
        application(best)


def test_an_array_is_forecast_from_its_last_window(tmp_path: Path) -> None:
    x = np.cumsum(RNG.normal(size=(90, 2)), axis=0)
    np.savez(tmp_path / "known.npz", x=x)
    best = folder_of(tmp_path / "known.npz", DataOptions(forecast=("x1",), window=6, horizon=2), "rnn")
    np.savez(tmp_path / "new.npz", x=x[:88])  # the last window whose next values are known
    found = predict(best, tmp_path / "new.npz").table
    _, task = load_best(best)
    np.testing.assert_allclose(found["x1"], x[87, 1] + logits(best)[-1] * task.prepared.y_std[0], rtol=1e-5)
    assert found["ahead"].to_list() == [1, 2] and "when" not in found.columns


def test_cases_are_answered_with_unknown_classes_or_none(tmp_path: Path) -> None:
    (tmp_path / "Made.ts").write_text(HEADER + cases(X, [f":{sign}" for sign in SIGNS]))
    best = folder_of(tmp_path / "Made.ts", DataOptions(), "gru")
    (tmp_path / "asked.ts").write_text(HEADER + cases(X, [":?"] * 40))
    bare = HEADER.replace("true down up", "false") + cases(X, [""] * 40)
    (tmp_path / "bare.ts.gz").write_bytes(gzip.compress(bare.encode()))
    for name, first in (("asked.ts", "4"), ("bare.ts.gz", "4")):
        found = predict(best, tmp_path / name).table
        np.testing.assert_allclose(found.select("p(down)", "p(up)").to_numpy(), shares(best), atol=1e-6)
        assert found["line"][0] == first
    (tmp_path / "text.ts").write_text(HEADER + "1,2:3,much:up\n")
    with pytest.raises(UserError, match=r"line 4 of text\.ts holds text in dimension 2"):
        predict(best, tmp_path / "text.ts")


def test_piano_rolls_are_answered_with_the_next_frame(tmp_path: Path) -> None:
    pieces = np.empty(9, dtype=object)
    for n in range(9):
        pieces[n] = (RNG.random((5 + n % 3, 88)) < 0.1).astype(np.uint8)
    savemat(tmp_path / "known.mat", {"traindata": pieces, "validdata": pieces[:3], "testdata": pieces[:3]})
    best = folder_of(tmp_path / "known.mat", DataOptions(), "gru", parameters=4000)
    last = np.empty(1, dtype=object)
    last[0] = pieces[0][:4]  # the fifth frame was a target alone
    savemat(tmp_path / "new.mat", {"testdata": last})
    found = predict(best, tmp_path / "new.mat")
    network, task = load_best(best)
    batch = task.held_out("test")
    with torch.no_grad():
        output = at_last_step(network(batch.x, batch.lengths), batch.lengths)
    np.testing.assert_allclose(found.table.row(0)[1:], output[0].sigmoid(), atol=1e-6)
    assert found.table["piece"].to_list() == ["testdata[0]"] and found.band is None
    assert write_predictions(found, tmp_path / "out.csv").read_text().startswith("<svg")
    savemat(tmp_path / "none.mat", {"other": last})
    with pytest.raises(UserError, match="no pieces under the name 'testdata'"):
        predict(best, tmp_path / "none.mat")

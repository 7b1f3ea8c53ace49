"""The lab page elsewhere: a published site of a run, and a notebook that shows a layer of one's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import carousel
from carousel.cli.app import app
from carousel.common.errors import BadCall, BadPlan, FolderConflict
from carousel.common.texts import text
from carousel.page.lab import lab_page
from carousel.page.own_model import own_model
from carousel.page.publish import publish
from tests.experiments.results.test_rebuild import make_best
from tests.support.browser import Watched, chromium

X = torch.randn(9, 2, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What publishing reads of a run folder."""
    folder = tmp_path_factory.mktemp("run")
    make_best(folder / "best")
    (folder / "tables").mkdir()
    (folder / "tables" / "contenders.csv").write_text("a,b\n1,2\n")
    (folder / "plan.toml").write_text("schema = 1\n")
    (folder / "report.html").write_text("<title>report</title><body class='x'>said</body>")
    return folder


def test_a_site_is_files_alone_and_every_link_is_there(run: Path, tmp_path: Path) -> None:
    for _ in range(2):  # a site of ours is written anew
        app(["lab", str(run), "--publish", str(tmp_path / "site")], standalone_mode=False)
    site = tmp_path / "site"
    index = (site / "index.html").read_text(encoding="utf-8")
    links = set(re.findall(r'href="([^"]+)"', index)) - {"data:,"}
    files = {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}
    assert links == files - {"index.html"}
    assert files == {"index.html", "lab.html", "report.html", "plan.toml", "tables/contenders.csv"}
    assert (site / "tables" / "contenders.csv").read_bytes() == (run / "tables" / "contenders.csv").read_bytes()
    assert (site / "lab.html").read_text(encoding="utf-8") == lab_page(run=run)
    report = (site / "report.html").read_text(encoding="utf-8")
    assert report.startswith("<title>report</title><body class='x'><p") and report.endswith("</p>said</body>")
    assert 'href="lab.html"' in report
    assert all(text("site.lab", lang) in index for lang in ("en", "zh"))


def test_what_cannot_be_published_is_one_line_and_leaves_the_folder(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FolderConflict, match="holds something else"):
        publish(run, tmp_path, None)
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(FolderConflict, match="was not written by carousel lab"):
        publish(run, tmp_path, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "mine.txt"]
    bare = tmp_path / "bare"
    make_best(bare / "best")
    with pytest.raises(FolderConflict, match="holds no report"):
        publish(bare, tmp_path / "site", "en")
    with pytest.raises(BadPlan, match="say two places"):
        app(["lab", "--publish", str(tmp_path / "a"), "--out", str(tmp_path / "b")], standalone_mode=False)
    assert publish(None, tmp_path / "site", "zh").read_text(encoding="utf-8").count("<section") == 1


class Model(nn.Module):
    """A layer of one's own inside a model."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.GRU(3, 5, num_layers=2, batch_first=True)
        self.readout = nn.Linear(5, 1)


@pytest.mark.parametrize(
    ("model", "x", "said"),
    (
        (nn.Linear(3, 3), X, "one recurrent layer"),
        (nn.ModuleList([nn.RNN(3, 4), nn.RNN(3, 4)]), X, "one recurrent layer"),
        (nn.LSTM(3, 4, bidirectional=True), X, "cannot show this layer"),
        (nn.LSTM(3, 4, proj_size=2), X, "cannot show this layer"),
        (nn.LSTM(3, 65), X, "at most 64 units"),
        (nn.LSTM(4, 4), X, "x does not fit"),
        (nn.LSTM(3, 4), X[0], "x does not fit"),
        (nn.LSTM(3, 4), X.log(), "finite numbers"),
        (nn.LSTM(3, 4), None, "shown on sequences"),
    ),
)
def test_a_model_that_cannot_be_shown_is_one_line(model: nn.Module, x: Tensor | None, said: str) -> None:
    with pytest.raises(BadCall, match=said):
        carousel.lab(model, x)


@pytest.mark.parametrize("layer", (nn.RNN(3, 4, nonlinearity="relu", bias=False), nn.LSTM(3, 4), nn.GRU(3, 4)))
def test_the_weights_are_the_layers(layer: nn.RNNBase) -> None:
    found = own_model(layer, X)
    assert found["cell"] == {nn.RNN: "rnn-relu", nn.LSTM: "lstm", nn.GRU: "gru"}[type(layer)]
    assert sum(map(len, found["parameters"])) - 16 - 4 >= sum(p.numel() for p in layer.parameters())
    assert found["parameters"][0] == layer.weight_ih_l0.double().flatten().tolist()


@pytest.mark.slow
def test_a_notebook_shows_the_layers_own_answer(tmp_path: Path) -> None:
    model = Model()
    x = X.transpose(0, 1)
    shown = carousel.lab(model, x, lang="en")._repr_html_()
    (tmp_path / "notebook.html").write_text(f'<meta charset="utf-8"><h1>cell</h1>{shown}', encoding="utf-8")
    last = model.layer(x)[0][0, -1].tolist()
    with chromium() as browser:
        watched = Watched(browser)
        page = watched.open((tmp_path / "notebook.html").as_uri())
        frame = page.frame_locator("iframe")
        frame.get_by_role("button", name=text("lab.yours.name", "en")).click()
        assert "gru, 2 layer(s) of 5 units" in frame.locator("main").inner_text()
        said = frame.locator(".work").inner_text().replace("−", "-")
        assert [float(value) for value in re.findall(r"-?\d+\.\d+", said)] == pytest.approx(last, abs=0.006)
        assert watched.errors == []

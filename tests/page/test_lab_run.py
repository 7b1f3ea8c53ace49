"""`carousel lab RUN`: the run's best network on the page gives torch's answers; what cannot be shown is one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from carousel import load_best
from carousel.cli.app import app
from carousel.common.errors import BadPlan, FolderConflict, UserError
from carousel.common.texts import LANGUAGES, text
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.reference import reference_folders
from carousel.experiments.tasks import task
from carousel.nn.cells import LSTM
from carousel.page import trained as shown_of
from carousel.page.lab import built, lab_page
from carousel.page.trained import trained
from tests.experiments.results.test_rebuild import make_best
from tests.support.browser import Watched, chromium


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    make_best(folder / "best")
    return folder


def test_what_the_page_takes_of_a_run(run: Path) -> None:
    found, (network, made) = trained(run), load_best(run)
    batch = made.held_out("test", 6)
    assert (found["cell"], found["layers"], found["hidden"], found["task"]) == ("lstm", 2, 8, "delayed-recall")
    assert [each["right"] for each in found["sequences"]] == batch.y.tolist()
    assert [each["x"] for each in found["sequences"]] == [batch.x[:, b].flatten().tolist() for b in range(6)]
    assert sum(map(len, found["parameters"])) == sum(p.numel() for p in network.parameters())


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
def test_its_answers_are_those_of_torch(lang: str, run: Path, tmp_path: Path) -> None:
    file = tmp_path / "lab.html"
    app(["lab", str(run), "--out", str(file)], standalone_mode=False)
    network, made = load_best(run)
    batch = made.held_out("test", 6)
    x = batch.x.clone().requires_grad_()
    output = network(x)
    made.target_logit(output, batch).sum().backward()
    assert x.grad is not None
    shares = x.grad.norm(dim=2) / x.grad.norm(dim=2).sum(dim=0)  # [T, B]
    thirds = torch.arange(8) * 3 // 8
    with chromium() as browser:
        watched = Watched(browser)
        page = watched.open(f"{file.as_uri()}#chapter=yours&lang={lang}")
        page.locator(".plain").click()
        for b in range(6):
            page.get_by_role("button", name=str(b + 1), exact=True).click()
            answer, right = output.argmax(dim=1)[b].item() + 1, batch.y[b].item() + 1
            key = "lab.yours.solved" if answer == right else "lab.yours.missed"
            assert page.locator(".work").inner_text() == text(key, lang, answer=answer, right=right)
            said = page.locator("section p").inner_text()
            for third in range(3):
                part = shares[thirds == third, b].sum().item()
                assert f"{100 * part:.1f} %" in said
        assert watched.errors == []
        assert watched.requested == [file.as_uri()]


def test_no_run_no_chapter() -> None:
    assert '"network": null' in lab_page()
    assert len(built().encode()) < 1_000_000


def test_a_folder_without_a_network_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FolderConflict, match="holds no trained contender"):
        lab_page(run=tmp_path)


@pytest.mark.parametrize(
    ("half", "fix"),
    [
        ("best/contender.json", "carousel report RUN writes best/ anew"),
        ("best/model.safetensors", "carousel report RUN writes best/ anew"),
        ("verdicts.json", "fix: carousel report"),
        ("plan.toml", "fix: restore it from a copy"),
    ],
)
def test_a_half_written_run_is_one_line(half: str, fix: str, run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path, dirs_exist_ok=True)
    for name in ("plan.toml", "verdicts.json"):
        shutil.copy(reference_folders()[-1] / name, tmp_path / name)
    assert lab_page(run=tmp_path)
    whole = (tmp_path / half).read_bytes()
    (tmp_path / half).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError) as told:
        lab_page(run=tmp_path)
    assert fix in str(told.value)
    assert "\n" not in str(told.value)


def test_a_run_of_another_version_is_one_line(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path, dirs_exist_ok=True)
    about = tmp_path / "best" / "contender.json"
    about.write_text(json.dumps(json.loads(about.read_text()) | {"schema": 99}), encoding="utf-8")
    with pytest.raises(FolderConflict, match=r"another version of Carousel; .* got: it says schema 99; fix: read"):
        lab_page(run=tmp_path)


def test_a_network_that_cannot_be_shown_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = task("delayed-recall", 8)
    wide = RecurrentNetwork([LSTM(made.inputs, 65)], made.outputs, "last")
    monkeypatch.setattr(shown_of, "load_best", lambda _: (wide, made))
    with pytest.raises(BadPlan, match="at most 64 units; got: 65"):
        lab_page(run=tmp_path)
    monkeypatch.setattr(shown_of, "load_best", lambda _: (torch.nn.Linear(1, 1), made))
    with pytest.raises(BadPlan, match="is a Transformer"):
        lab_page(run=tmp_path)

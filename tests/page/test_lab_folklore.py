"""Chapters 0 and 10 of the lab page: what people say, what was measured of it, and what is to be remembered."""

from __future__ import annotations

import contextlib
import io
import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy

import carousel
from carousel.common.texts import LANGUAGES, text
from carousel.experiments.contenders.network import RecurrentNetwork
from carousel.experiments.reference import reference_folders
from carousel.experiments.tasks import task
from carousel.introspect import flow
from carousel.nn.cells import CELLS
from carousel.nn.initialisation import chrono, default
from carousel.page.folklore import reference_findings, run_findings
from carousel.page.lab import lab_page
from tests.support.browser import Watched, chromium
from tests.support.node import WEB

STORED = json.loads((reference_folders()[-1] / "verdicts.json").read_text(encoding="utf-8"))["claims"]


def test_each_sentence_has_its_verdict_and_one_measured_number() -> None:
    found = {finding["claim"]: finding for finding in reference_findings()}
    for claim in STORED:
        finding, value = found[claim["id"]], claim["effect"]["value"]
        assert finding["verdict"] == claim["verdict"]
        shown = f"{math.exp(value) if claim['id'] == 'vanishing' else value:.3g}"
        for lang in LANGUAGES:
            assert finding[lang]["statement"] == claim["statement"][lang]
            assert finding[lang]["word"].endswith(text(f"claims.verdicts.{claim['verdict']}", lang))
            assert (
                finding[lang]["number"].split("[")[0].rstrip().endswith(shown)
                or f" {shown} " in finding[lang]["number"]
            )


def test_a_run_that_was_not_judged_has_no_verdicts_and_one_that_was_has(tmp_path: Path) -> None:
    assert run_findings(tmp_path) is None
    copy = tmp_path / "run"
    shutil.copytree(reference_folders()[-1], copy)
    assert run_findings(copy) == reference_findings()


def test_the_twelve_lines_of_pytorch_run_and_show_it() -> None:
    source = (WEB / "src" / "chapters" / "snippet.py").read_text(encoding="utf-8")
    lines = [line for line in source.splitlines() if line]
    assert len(lines) == 12
    assert max(map(len, lines)) < 100
    torch.manual_seed(0)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(source, {})
    rnn, lstm, opened = map(float, said.getvalue().split())
    assert max(rnn, lstm) < 1e-5
    assert opened > 0.1


def drawn(name: str, start: Callable[..., None]) -> list[float]:
    """What twenty networks of 32 units keep of their gradient 30 steps back, as `carousel.flow` measures it."""
    made, generator = task("delayed-recall", 31), torch.Generator().manual_seed(7)
    found = []
    for _ in range(20):
        cell = CELLS[name](made.inputs, 32)
        start(cell, generator, 31.0)
        network = RecurrentNetwork([cell], made.outputs, "last").double()
        batch = made.sample(generator, 4)
        with carousel.record(network) as tape:
            cross_entropy(network(batch.x.double()), batch.y).backward()
        found.append(flow.lag_profile(tape, direction="loss").mean[30].exp().item())
    return found


@pytest.mark.slow
def test_the_choice_is_kept_and_judged_and_the_exam_answer_has_true_numbers(tmp_path: Path) -> None:
    file = tmp_path / "lab.html"
    file.write_text(lab_page("en"), encoding="utf-8")
    with chromium() as browser:
        watched = Watched(browser)
        page = watched.open(file.as_uri())
        said = STORED[0]["statement"]["en"]
        page.get_by_role("button", name=said).click()
        assert text("lab.ask.kept", "en") in page.locator("section").inner_text()
        page.goto(f"{file.as_uri()}#chapter=folklore")
        page.reload()  # what was kept is found again
        page.locator(".plain").click()
        wanted = text("lab.folklore.chosen", "en", statement=said, word=reference_findings()[0]["en"]["word"])
        assert page.locator(".work").inner_text() == wanted
        assert page.locator(".findings li").count() == len(STORED)
        lines = page.locator(".exam li").all_inner_texts()
        assert watched.errors == []
    numbers = [_percent(part) for line in lines for part in re.findall(r"([\d.]+(?: × 10[⁻\d⁰¹²³⁴-⁹]+)?) %", line)]
    step, rnn, gate, lstm, opened = numbers
    assert step**30 == pytest.approx(rnn, rel=0.1)
    assert gate == pytest.approx(0.5, abs=0.02)
    for left, cell, start in ((rnn, "rnn", default), (lstm, "lstm", default), (opened, "lstm", chrono)):
        others = drawn(cell, start)
        assert min(others) / 2 < left < 2 * max(others)


def _percent(shown: str) -> float:
    digits = shown.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")).replace(" × 10", "e")
    return float(digits) / 100

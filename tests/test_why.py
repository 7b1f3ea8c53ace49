"""docs/why.md and docs/why.zh.md: each number is that of docs/why/measure.py, the picture that of docs/why/picture.py.

In the pages a number is followed by the name of its fact, in a comment that no reader sees: `60 %<!--rnn.step-->`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = {"en": DOCS / "why.md", "zh": DOCS / "why.zh.md"}
NAMED = re.compile(r"(\d+(?:\.\d+)?)( ?%)?<!--([\w.-]+)-->")
BARE = re.compile(r"\d+\.\d+|\d+ ?%")  # a decimal or a percentage
ROWS = {  # of docs/reproductions.md
    "rnn": "stock RNN",
    "lstm": "stock LSTM",
    "lstm-bias-1": "LSTM, forget bias 1",
    "lstm-chrono": "LSTM, chrono",
    "rnn-orthogonal": "RNN, orthogonal",
}


def page(lang: str) -> str:
    return PAGES[lang].read_text(encoding="utf-8")


def printed(value: float, like: str, percent: bool) -> str:
    """The value in as many decimals as the page gives."""
    return f"{value * (100 if percent else 1):.{len(like.partition('.')[2])}f}"


def wrong(text: str, facts: Mapping[str, float]) -> Iterator[str]:
    """Each number whose fact is unknown or otherwise, and each decimal or percentage that names none."""
    for number, percent, name in NAMED.findall(text):
        if name not in facts:
            yield f"{name}: no such fact"
        elif (is_so := printed(facts[name], number, bool(percent))) != number:
            yield f"{name}: {number} should be {is_so}"
    yield from (f"{number}: names no fact" for number in BARE.findall(without_code(NAMED.sub("", text))))


def without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)


@pytest.fixture(scope="module")
def why() -> Iterator[pytest.MonkeyPatch]:
    """The page's scripts can be imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS / "why"))
        yield patch


@pytest.fixture(scope="module")
def facts(why) -> dict[str, float]:
    from measure import facts as measured

    return measured() | dict(reproduced())


def reproduced() -> Iterator[tuple[str, float]]:
    """How many runs solved their task, by the tables of docs/reproductions.md."""
    text = (DOCS / "reproductions.md").read_text(encoding="utf-8")
    recall = text.split("\n## Forget bias and chrono")[1].split("\n## ")[0]
    adding = text.split("\n## Temporal order and adding")[1].split("\n## ")[0]
    for name, row in ROWS.items():
        lines = re.findall(rf"^\| {row} \|(.*)\|$", recall, re.MULTILINE)
        cells = [cell for line in lines for k, cell in enumerate(line.split("|")) if k in (1, 4)]
        scores = [float(score) for cell in cells for score in cell.split()]
        assert len(scores) == 12
        yield f"recall.{name}", sum(score >= 0.95 for score in scores)
        if name in ("rnn-orthogonal", "lstm-chrono"):
            (line,) = re.findall(rf"^\| {row} \|.*?(\d) of 3 \|$", adding, re.MULTILINE)
            yield f"adding.{name}", int(line)


@pytest.mark.slow
@pytest.mark.parametrize("lang", PAGES)
def test_every_number_is_measured(lang, facts):
    assert list(wrong(page(lang), facts)) == []


@pytest.mark.slow
@pytest.mark.parametrize("lang", PAGES)
def test_no_digit_can_be_changed_unseen(lang, facts):
    for match in NAMED.finditer(page(lang)):
        last = match.end(1) - 1
        planted = str((int(page(lang)[last]) + 1) % 10)
        assert list(wrong(page(lang)[:last] + planted + page(lang)[last + 1 :], facts)), match[0]


def test_a_number_without_a_fact_is_found():
    assert list(wrong("It keeps 61 % a step.", {})) == ["61 %: names no fact"]
    assert list(wrong("0.50<!--a.f--> and 0.51<!--b-->", {"a.f": 0.501})) == ["b: no such fact"]


def test_both_languages_give_the_same_numbers():
    english, chinese = ({(name, number) for number, _, name in NAMED.findall(page(lang))} for lang in PAGES)
    assert english == chinese
    assert len(english) > 50


@pytest.mark.parametrize("lang", PAGES)
def test_the_code_of_the_page_is_the_code_that_was_measured(lang):
    """But for its comments."""
    measured = functions((DOCS / "why" / "networks.py").read_text(encoding="utf-8"))
    shown = functions("\n".join(re.findall(r"```python\n(.*?)```", page(lang), re.DOTALL)))
    assert set(shown) == {"open_gates", "open_chrono"}
    assert shown == {name: measured[name] for name in shown}


def functions(source: str) -> dict[str, str]:
    return {node.name: ast.dump(node) for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("lang", PAGES)
def test_what_the_page_tells_to_type_opens_the_gates(lang):
    import torch
    from torch import nn

    typed = {"torch": torch, "nn": nn}
    exec("\n".join(re.findall(r"```python\n(.*?)```", page(lang), re.DOTALL)), typed)
    lstm, rnn = typed["lstm"], typed["rnn"]
    bias = lstm.bias_ih_l0 + lstm.bias_hh_l0
    assert bias[64:128].min() >= 0 and bias[64:128].max() <= torch.tensor(99.0).log()
    assert torch.equal(bias[:64], -bias[64:128])
    assert torch.allclose(rnn.weight_hh_l0 @ rnn.weight_hh_l0.T, torch.eye(64), atol=1e-5)
    typed["open_gates"](two := nn.LSTM(4, 8, num_layers=2, bidirectional=True))
    for place in ("l0", "l0_reverse", "l1", "l1_reverse"):
        bias = getattr(two, f"bias_ih_{place}") + getattr(two, f"bias_hh_{place}")
        assert (bias[8:16] == 1).all() and (bias[:8] != 1).all()


def test_english_sentences_are_short():
    """At most 25 words, in the prose before the sources."""
    text = NAMED.sub(r"\1", without_code(page("en").split("\n## Sources")[0]))
    prose = [line for line in text.split("\n\n") if not line.lstrip().startswith(("|", "#", "!"))]
    sentences = [s for block in prose for s in re.split(r"(?<=[.?!:;])\s+|\n- ", block)]
    assert [s for s in sentences if len(s.split()) > 25] == []


def test_chinese_sentences_are_short():
    """At most 60 characters, and punctuation of full width after Chinese."""
    text = without_code(page("zh"))
    prose = [line for line in text.splitlines() if not line.startswith(("|", "#", "!", "Hochreiter"))]
    sentences = [s for line in prose for s in re.split(r"[。？！；]", NAMED.sub(r"\1", line))]
    assert [s for s in sentences if len(re.findall(r"[一-鿿]", s)) > 60] == []
    assert re.findall(r"[一-鿿][,;:?!(]", text) == []


@pytest.mark.slow
def test_the_picture_is_todays(why):
    from picture import IMAGE, text

    kept, drawn = (re.split(r"(-?\d+(?:\.\d+)?)", svg) for svg in (IMAGE.read_text(encoding="utf-8"), text()))
    assert kept[::2] == drawn[::2]
    # Coordinates are rounded to .1 pixel, where another processor's last digit may tip over.
    assert [float(n) for n in kept[1::2]] == pytest.approx([float(n) for n in drawn[1::2]], abs=0.11)

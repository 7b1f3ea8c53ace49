"""The page: complete, in two languages, offline, escaped, every figure that a layer has; and files of other origin."""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import altair as alt
import pytest
import torch
from torch import Tensor, nn

from carousel import LSTM
from carousel.common.errors import FolderConflict, NotRecorded, UnknownName
from carousel.common.pages.own_page import mark
from carousel.common.texts import catalogue, text
from carousel.introspect.diagnosis import Diagnosis
from tests.experiments.report.test_page import Page, numbers
from tests.introspect.diagnosis.simulated import HOSTILE, TEXTS, Net, finding, made, not_assessed, of


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts are built, which computes all their numbers, and not drawn: for what is not about drawings."""
    drawn = "carousel.common.pages.drawn_once.svg"
    monkeypatch.setattr(drawn, lambda chart, name: f'<svg id="{name}">{" " * 20_000}</svg>')
    monkeypatch.setattr("carousel.common.pages.drawn_once.compact", str)


@pytest.fixture(autouse=True)
def simulated_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts of a symptom that does not exist."""
    for lang, texts in TEXTS.items():
        for part, says in texts.items():
            monkeypatch.setitem(catalogue(lang), f"doctor.simulated.{part}", says)


def lstm() -> nn.Module:
    return nn.LSTM(4, 8, 2, batch_first=True)


def chart(lang: str) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=[{"a": 1}])).mark_point().encode(x="a:Q").properties(title=f"figure {lang}")


@functools.cache
def faulty() -> tuple[Diagnosis, str]:
    """Three findings and one symptom not_assessed, and their page; drawn once for all who look at it."""
    found = (finding("critical", site="rnn.l1", figure=chart), finding(site="rnn"), finding("info", "low"))
    diagnosis = replace(made(lstm, name=HOSTILE), findings=found, not_assessed=(not_assessed(),))
    with tempfile.TemporaryDirectory() as folder:
        return diagnosis, diagnosis.to_html(Path(folder) / "doctor.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_both_languages_show_the_findings_and_the_same_numbers() -> None:
    _, page = faulty()
    words = Page(page).texts
    assert set(words) == {"en", "zh"}
    assert numbers(words["en"]) == numbers(words["zh"])
    for lang in ("en", "zh"):
        assert words[lang].count(TEXTS[lang]["title"]) == 6  # in the list, and as a heading
        assert words[lang].count(TEXTS[lang]["evidence"].format(count="16", short="11")) == 3
        for part in ("cause", "advice", "limits"):
            assert words[lang].count(TEXTS[lang][part]) == 3
        assert words[lang].count(text("doctor.severity.critical", lang)) == 2
        assert text("doctor.not_assessed.one_step", lang) in words[lang]
        assert text("doctor.heading", lang, **made(lstm, name=HOSTILE).facts) in words[lang]


def test_what_comes_from_the_user_is_escaped() -> None:
    diagnosis, page = faulty()
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2 * (1 + 3)  # the model's name and three fixes
    assert HOSTILE not in diagnosis._repr_html_()
    assert "&lt;script&gt;" in diagnosis._repr_html_()


@pytest.mark.slow
def test_a_module_named_like_a_tag_is_escaped_in_the_figures_too(tmp_path: Path) -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.add_module("<b>&'\"", nn.GRU(4, 8, batch_first=True))

        def forward(self, x: Tensor) -> Tensor:
            return self.get_submodule("<b>&'\"")(x)[0][:, -1]

    diagnosis = of(Odd(), (torch.randn(5, 9, 4), torch.randint(3, (5,))))
    page = diagnosis.to_html(tmp_path / "odd.html").read_text(encoding="utf-8")
    assert "<b>&" not in page
    assert "&lt;b&gt;&amp;" in page
    Page(page)


def test_nothing_is_fetched_and_nothing_runs_but_our_own() -> None:
    _, page = faulty()
    tags = Page(page).tags
    for tag, attributes in tags:
        assert tag not in {"link", "iframe", "object", "img", "base"}
        assert "src" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        href = attributes.get("href") or attributes.get("xlink:href") or ""
        assert href.startswith(("#", "data:image/png;base64,")) or not href
    assert sum(tag == "script" for tag, _ in tags) == 1
    assert "default-src 'none'" in page
    assert "@import" not in page
    assert not re.search(r"url\((?!['\"]?#)", page)


def test_ids_are_unique_and_references_meet_one() -> None:
    _, page = faulty()
    tags = Page(page).tags
    ids = [a["id"] for _, a in tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert all(name and not re.search(r"\s", name) for name in ids)
    inner = {a["href"][1:] for tag, a in tags if tag == "a" and a["href"]}
    assert len(inner) == 6
    assert inner | set(re.findall(r"url\(['\"]?#([^'\")]+)", page)) <= set(ids)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("first", ["en", "zh"])
def test_it_opens_in_the_language_asked_for_without_a_script(tmp_path: Path, first: str) -> None:
    page = made(lstm).to_html(tmp_path / "doctor.html", first).read_text(encoding="utf-8")
    radios = {a["value"]: "checked" in a for tag, a in Page(page).tags if tag == "input"}
    assert radios == {lang: lang == first for lang in ("en", "zh")}
    assert f'<html lang="{first}">' in page


def test_the_figure_of_a_finding_is_drawn_in_each_language() -> None:
    _, page = faulty()
    for lang in ("en", "zh"):
        card = page.split(f'id="finding-1-{lang}"')[1].split("</section>")[0]
        assert f">figure {lang}</text>" in card
        assert "<svg" not in page.split(f'id="finding-2-{lang}"')[1].split("</section>")[0]


def test_places_of_findings_come_first() -> None:
    assert shown(faulty()[1]) == ["rnn.l1", "rnn.l0"]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.slow
def test_a_sound_model_is_said_to_be_sound(tmp_path: Path) -> None:
    diagnosis = made(lstm)
    page = diagnosis.to_html(tmp_path / "doctor.html").read_text(encoding="utf-8")
    for lang in ("en", "zh"):
        assert text("doctor.sound", lang, count=diagnosis.looked_for) in page
        assert f'id="findings-{lang}"' not in page
        assert f'id="not-assessed-{lang}"' not in page
    assert text("doctor.sound", "en", count=diagnosis.looked_for) in diagnosis._repr_html_()


def shown(page: str, lang: str = "en") -> list[str]:
    """The layers whose figures are shown."""
    return re.findall(r"<summary><code>([^<]*)</code>", page.split(f'class="{lang}"')[1].split("</article>")[0])


def drawn(page: str, lang: str, site: str) -> set[str]:
    """The figures of one layer that hold a drawing, by their labels."""
    labels = re.findall(r'aria-label="([^"]+)"><svg', page.split(f'class="{lang}"')[1].split("</article>")[0])
    names = ("lag_profile", "raster", "saturation", "gradient")
    return {n for n in names if text(f"doctor.page.picture.{n}", lang, site=site) in labels}


def shut() -> nn.Module:
    rnn = nn.GRU(4, 8, batch_first=True)
    nn.init.constant_(rnn.bias_hh_l0, -9)
    return rnn


#: Layer, its outputs, and its figures: that of shut and open gates only where a unit is shut or open.
LAYERS: dict[str, tuple[Callable[[], nn.Module], int, set[str]]] = {
    "lstm": (lstm, 8, {"raster", "lag_profile"}),
    "projected lstm": (lambda: nn.LSTM(4, 8, batch_first=True, proj_size=5), 5, {"raster", "lag_profile"}),
    "gru": (lambda: nn.GRU(4, 8, batch_first=True), 8, {"raster", "lag_profile"}),
    "shut gru": (shut, 8, {"raster", "lag_profile", "saturation"}),
    "tanh rnn": (lambda: nn.RNN(4, 8, batch_first=True), 8, {"raster", "lag_profile"}),
    "relu rnn": (lambda: nn.RNN(4, 8, batch_first=True, nonlinearity="relu"), 8, {"raster", "lag_profile"}),
    "with layer norm": (lambda: LSTM(4, 8, batch_first=True, layer_norm=True), 8, {"raster", "gradient", "saturation"}),
}


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.slow
def test_every_figure_that_a_layer_has_is_drawn(tmp_path: Path, name: str) -> None:
    build, width, expected = LAYERS[name]
    page = made(build, width=width).to_html(tmp_path / "doctor.html").read_text(encoding="utf-8")
    for lang in ("en", "zh"):
        assert drawn(page, lang, "rnn.l0") == expected
    assert text("doctor.page.note.random_direction", "en") not in page


@pytest.mark.usefixtures("undrawn")
@pytest.mark.slow
def test_a_direction_whose_end_the_loss_does_not_read(tmp_path: Path) -> None:
    diagnosis = made(lambda: nn.LSTM(4, 8, batch_first=True, bidirectional=True), width=16)
    page = diagnosis.to_html(tmp_path / "doctor.html").read_text(encoding="utf-8")
    assert shown(page) == ["rnn.l0", "rnn.l0_reverse"]
    for lang in ("en", "zh"):
        assert "lag_profile" in drawn(page, lang, "rnn.l0_reverse")
        assert page.count(text("doctor.page.note.random_direction", lang)) == 1


class Loop(nn.Module):
    """A cell called step by step."""

    def __init__(self) -> None:
        super().__init__()
        self.cell, self.out = nn.GRUCell(4, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = None
        for x_t in x.unbind(1):
            h = self.cell(x_t, h)
        return self.out(h)


@pytest.mark.usefixtures("undrawn")
def test_a_cell_called_step_by_step_shows_its_numbers(tmp_path: Path) -> None:
    diagnosis = of(Loop(), (torch.randn(5, 9, 4), torch.randint(3, (5,))))
    page = diagnosis.to_html(tmp_path / "doctor.html").read_text(encoding="utf-8")
    assert drawn(page, "zh", "cell") == {"raster", "gradient"}
    assert "[9, 5, 8]" in page


class Twice(Net):
    """Its layer runs on a short and a long sequence."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x[:2, :3]).mean() + super().forward(x)


@pytest.mark.slow
def test_of_several_calls_the_longest_is_shown(tmp_path: Path) -> None:
    build, width, expected = LAYERS["relu rnn"]
    diagnosis = of(Twice(build(), width), (torch.randn(5, 9, 4), torch.randint(3, (5,))))
    page = diagnosis.to_html(tmp_path / "doctor.html").read_text(encoding="utf-8")
    assert "rnn.l0[1]" in page
    assert drawn(page, "en", "rnn.l0") == expected
    assert "[12, ?, 8]" in page


class Idle(Net):
    """One layer does not run, and of another the loss knows nothing."""

    def __init__(self) -> None:
        super().__init__(nn.RNN(4, 8, batch_first=True), 8)
        self.idle, self.deaf = nn.LSTM(4, 8), nn.LSTM(4, 8, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + self.deaf(x)[0].detach().mean()


@pytest.mark.usefixtures("undrawn")
def test_layers_that_did_not_run_or_that_no_gradient_reached(tmp_path: Path) -> None:
    diagnosis = of(Idle(), (torch.randn(5, 9, 4), torch.randint(3, (5,))))
    page = diagnosis.to_html(tmp_path / "doctor.html").read_text(encoding="utf-8")
    assert shown(page) == ["rnn.l0", "deaf.l0"]
    assert drawn(page, "en", "deaf.l0") == {"raster", "lag_profile"}
    for lang in ("en", "zh"):
        assert page.count(text("doctor.page.did_not_run", lang)) == 1


@pytest.mark.usefixtures("undrawn")
def test_numbers_that_are_none_leave_out_what_follows_from_them(tmp_path: Path) -> None:
    model = Net(nn.RNN(4, 8, batch_first=True, nonlinearity="relu"), 8)
    with torch.no_grad():
        model.rnn.weight_hh_l0.fill_(1e12)
    diagnosis = of(model, (torch.rand(5, 9, 4), torch.randint(3, (5,))))
    page = diagnosis.to_html(tmp_path / "doctor.html").read_text(encoding="utf-8")
    assert drawn(page, "en", "rnn.l0") == {"raster", "gradient"}


@pytest.mark.slow
def test_weights_changed_since_are_told_and_what_needs_them_is_left_out(tmp_path: Path) -> None:
    model = Net(lstm(), 8)
    diagnosis = of(model, (torch.randn(5, 9, 4), torch.randint(3, (5,))))
    needs = finding(figure=lambda lang: diagnosis.tape.plot.lag_profile("rnn.l0", lang=lang))
    faulty = replace(diagnosis, findings=(needs, finding(figure=chart)))
    with torch.no_grad():
        model.rnn.weight_hh_l0.add_(1)
        model.rnn.weight_hh_l1.add_(1)
    page = faulty.to_html(tmp_path / "doctor.html").read_text(encoding="utf-8")
    for lang in ("en", "zh"):
        assert drawn(page, lang, "rnn.l1") == {"raster", "gradient"}
        assert page.count(text("doctor.page.note.changed", lang)) == 2
        assert page.count(text("doctor.page.undrawn", lang)) == 1
        assert f">figure {lang}</text>" in page


@pytest.mark.usefixtures("undrawn")
def test_a_figure_that_fails_is_not_passed_over(tmp_path: Path) -> None:
    def broken(lang: str) -> alt.Chart:
        raise NotRecorded("a fault")

    with pytest.raises(NotRecorded, match="a fault"):
        replace(made(lstm), findings=(finding(figure=broken),)).to_html(tmp_path / "doctor.html")
    assert not (tmp_path / "doctor.html").exists()


@pytest.mark.slow
def test_many_large_layers_stay_below_three_megabytes(tmp_path: Path) -> None:
    diagnosis = made(lambda: nn.LSTM(4, 160, 5, batch_first=True), width=160, steps=100, batch=8)
    path = diagnosis.to_html(tmp_path / "doctor.html")
    assert 100_000 < path.stat().st_size < 1_500_000


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("room", "count"), [(10_000_000, 2), (100_000, 1), (10, 1)])
def test_layers_that_find_no_room_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, count: int
) -> None:
    monkeypatch.setattr("carousel.introspect.diagnosis.page.page._SIZE", room)
    diagnosis = made(lambda: nn.RNN(4, 8, 5, batch_first=True, nonlinearity="relu"))
    page = diagnosis.to_html(tmp_path / "doctor.html").read_text(encoding="utf-8")
    for lang in ("en", "zh"):
        assert shown(page, lang) == [f"rnn.l{k}" for k in range(count)]
        assert text("doctor.page.sites_left", lang, shown=count, count=5) in page


@pytest.mark.slow
def test_an_own_page_is_written_anew_and_nothing_else_is(tmp_path: Path) -> None:
    diagnosis = made(lstm)
    path = diagnosis.to_html(tmp_path / "new" / "doctor.html")
    before = path.read_bytes()
    assert mark("doctor").encode() in before
    assert diagnosis.to_html(path).read_bytes() == before
    other = tmp_path / "other.html"
    other.write_text("<!doctype html><title>mine</title>")
    with pytest.raises(FolderConflict, match=r"other\.html' was not written by carousel doctor"):
        diagnosis.to_html(other)
    assert other.read_text() == "<!doctype html><title>mine</title>"
    with pytest.raises(FolderConflict, match="cannot write"):
        diagnosis.to_html(tmp_path)
    with pytest.raises(FolderConflict, match="cannot write"):
        diagnosis.to_html(other / "doctor.html")
    with pytest.raises(UnknownName, match="allowed: en, zh"):
        diagnosis.to_html(tmp_path / "fr.html", "fr")
    assert not (tmp_path / "fr.html").exists()


def test_the_fragment_stands_alone() -> None:
    diagnosis, _ = faulty()
    piece = diagnosis._repr_html_()
    tags = Page(piece).tags
    assert {tag for tag, _ in tags} <= {"div", "p", "b", "code", "pre", "ul", "li"}
    assert all(set(attributes) <= {"style", "lang"} for _, attributes in tags)
    assert "url(" not in piece
    assert piece.count(TEXTS["en"]["title"]) == 3
    assert "损失" not in piece
    assert text("doctor.not_assessed.one_step", "en") in piece

"""report.html and report.md: complete, in two languages, offline, escaped, the same bytes again."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from carousel.common.errors import FolderConflict, UnknownName
from carousel.common.texts import text
from carousel.experiments.claims import ids
from carousel.experiments.decision.verdicts_json import Judgement, read_judgement
from carousel.experiments.judgement import judge
from carousel.experiments.report import build
from carousel.experiments.report.first import first_screen
from carousel.experiments.results.evidence import Evidence
from tests.experiments.report.made import Run, read
from tests.support.evidence import planted

pytestmark = pytest.mark.slow

NO_VERDICTS = Judgement((), {}, {}, {"en": "", "zh": ""}, None, {}, {"en": "", "zh": ""})
VOID = {"meta", "input", "br", "img", "link", "line", "circle"}


class Page(HTMLParser):
    """Tags, attributes and the text of each language; raises where tags are not closed in order."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.lang = ""
        self.texts: dict[str, list[str]] = {}
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "article":
            self.lang = dict(attrs)["lang"] or ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "svg" not in self.open and "article" in self.open and data.strip():
            self.texts.setdefault(self.lang, []).append(data.strip())


def numbers(words: list[str]) -> list[str]:
    return sorted(re.findall(r"[−+-]?\d+(?:,\d{3})*(?:\.\d+)?", " ".join(words)))


def figures(run: Run) -> int:
    """How many a report has: of a file also that of occlusion."""
    return 7 + (run[0].card is not None)


@pytest.fixture(params=["task_run", "file_run"])
def run(request: pytest.FixtureRequest) -> Run:
    return request.getfixturevalue(request.param)


def test_both_languages_show_the_same_numbers(run: Run) -> None:
    words = Page(read(run[0].folder, "report.html")).texts
    assert set(words) == {"en", "zh"}
    english, chinese = numbers(words["en"]), numbers(words["zh"])
    assert len(english) > 200
    assert english == chinese


def test_every_claim_shows_its_verdict_in_words_in_both_languages(run: Run) -> None:
    evidence, judgement = run
    page = read(evidence.folder, "report.html")
    assert len(judgement.verdicts) == len(ids())
    for verdict in judgement.verdicts:
        for lang in ("en", "zh"):
            section = page.split(f'id="{verdict.claim}-{lang}"')[1].split("</section>")[0]
            word = text(f"claims.verdicts.{verdict.verdict}", lang)
            assert f'<span class="verdict {verdict.verdict}">{word}</span>' in section
            assert verdict.statement[lang].replace("'", "&#39;") in section


def test_the_page_holds_the_advice_and_every_contender_under_every_condition(run: Run) -> None:
    evidence, judgement = run
    page = read(evidence.folder, "report.html")
    for lang in ("en", "zh"):
        assert judgement.advice[lang] in Page(page).texts[lang]
        scored = page.split(f'<section id="contenders-{lang}">')[1].split("</section>")[0]
        for spec in evidence.plan.specs:
            assert scored.count(f'<th scope="row">{spec}</th>') == len(evidence.plan.conditions())


def test_nothing_is_fetched(run: Run) -> None:
    page = read(run[0].folder, "report.html")
    for tag, attributes in Page(page).tags:
        assert tag not in {"link", "iframe", "object", "img", "base"}
        assert "src" not in attributes
        href = attributes.get("href") or attributes.get("xlink:href") or ""
        assert "//" not in href
    assert "@import" not in page
    assert not re.search(r"url\((?!['\"]?#)", page)
    assert "default-src 'none'" in page


def test_ids_are_unique_and_references_meet_one(run: Run) -> None:
    tags = Page(read(run[0].folder, "report.html")).tags
    ids = [a["id"] for _, a in tags if "id" in a]
    assert len(ids) == len(set(ids))
    inner = [a["href"] for tag, a in tags if tag == "a" and (a["href"] or "").startswith("#")]
    assert inner and {href[1:] for href in inner if href} <= set(ids)


def test_links_to_tables_and_figures_meet_a_file(run: Run) -> None:
    folder = run[0].folder
    links = {a["href"] for tag, a in Page(read(folder, "report.html")).tags if tag == "a"}
    made = [link for link in links if link and re.match(r"(tables|figures)/.", link)]
    assert len(made) == 3 * figures(run) + 1  # each SVG in two languages, its numbers; the raw files of verdicts
    assert all((folder / link).is_file() for link in made)


@pytest.mark.parametrize(("name", "first"), [("task_run", "en"), ("file_run", "zh")])
def test_the_page_opens_in_the_language_asked_for_without_a_script(
    name: str, first: str, request: pytest.FixtureRequest
) -> None:
    evidence, _ = request.getfixturevalue(name)
    tags = Page(read(evidence.folder, "report.html")).tags
    radios = {a["value"]: "checked" in a for tag, a in tags if tag == "input"}
    assert radios == {lang: lang == first for lang in ("en", "zh")}
    assert next(a["lang"] for tag, a in tags if tag == "html") == first


def test_the_page_stays_below_a_megabyte(run: Run) -> None:
    assert (run[0].folder / "report.html").stat().st_size < 1_000_000


def test_each_figure_has_a_description_in_the_language_of_its_article(run: Run) -> None:
    page = read(run[0].folder, "report.html")
    described = [a["aria-describedby"] or "" for _, a in Page(page).tags if "aria-describedby" in a]
    assert len(described) == 2 * figures(run)
    for name in described:
        says = page.split(f'<figcaption id="{name}">')[1].split("</figcaption>")[0]
        assert len(re.findall(r"[.。]", says)) >= 2
        assert name.rsplit("-", 1)[1] in ("en", "zh")
        assert bool(re.search("[\u4e00-\u9fff]", says)) == name.endswith("-zh")


def test_words_of_the_user_are_escaped(file_run: Run) -> None:
    folder = file_run[0].folder
    assert "<script>alert" not in read(folder, "report.html")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in read(folder, "report.html")
    assert "<script>" not in read(folder, "report.md")
    assert "b\\|c" in read(folder, "report.md")


def test_a_contender_named_like_a_tag_is_escaped_in_the_figures_too(tmp_path: Path) -> None:
    evidence = planted(tmp_path, seeds=2, specs=("rnn", "lstm:<script>x</script>"), lengths=(30,))
    build(evidence, NO_VERDICTS)
    assert "<script>x" not in read(tmp_path, "report.html")
    assert "&lt;script&gt;x" in read(tmp_path, "figures/length.en.svg")


def test_the_data_card_is_shown(file_run: Run) -> None:
    words = Page(read(file_run[0].folder, "report.html")).texts
    assert text("data.baseline.majority", "zh", score="0.500") in words["zh"]
    assert text("data.note.imputed", "en", count="3", of="4,050") in words["en"]


def test_the_same_evidence_gives_the_same_bytes(task_run: Run) -> None:
    evidence, judgement = task_run
    before = {path: path.read_bytes() for path in evidence.folder.rglob("*") if path.is_file()}
    paths = build(evidence, read_judgement(json.loads(json.dumps(judgement.as_json())), ids()))
    assert all(path.is_file() for path in paths)
    after = {path: path.read_bytes() for path in evidence.folder.rglob("*") if path.is_file()}
    assert after == before


def test_numbers_of_the_page_lie_in_the_tables(task_run: Run) -> None:
    evidence, judgement = task_run
    table = pl.read_csv(evidence.folder / "tables" / "verdicts.csv")
    assert table["claim"].to_list() == [verdict.claim for verdict in judgement.verdicts]
    assert table["value"].to_list() == [verdict.effect.value for verdict in judgement.verdicts]
    comparisons = pl.read_csv(evidence.folder / "tables" / "comparisons.csv")
    assert comparisons.height == sum(len(verdict.rows) for verdict in judgement.verdicts)
    trials = pl.read_csv(evidence.folder / "tables" / "trials.csv")
    assert trials.height == evidence.trials.height


def test_markdown_has_both_languages_and_its_pictures(run: Run) -> None:
    folder = run[0].folder
    en, zh = (first_screen(*run, lang).title for lang in ("en", "zh"))
    english, chinese = read(folder, "report.md").split(f"# {zh}")
    assert english.startswith(f"# {en}")
    for lang, part in (("en", english), ("zh", chinese)):
        pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", part)
        assert len(pictures) == figures(run)
        assert all(path.endswith(f".{lang}.svg") and (folder / path).is_file() for path in pictures)


def without(evidence: Evidence, **empty: bool) -> Evidence:
    return replace(evidence, **{name: getattr(evidence, name).clear() for name in empty})


def test_a_run_without_measurements_says_what_is_missing(tmp_path: Path) -> None:
    evidence = without(planted(tmp_path, seeds=2, lengths=(30,)), trials=True, profiles=True, slopes=True, onset=True)
    build(replace(evidence, environment={}), judge(evidence))
    page = read(tmp_path, "report.html")
    assert not (tmp_path / "figures").exists()
    for name in ("lag_profile_initialisation", "lag_profile_end", "length", "learning_score", "gradient_norm", "cost"):
        for lang in ("en", "zh"):
            assert text(f"report.figure.{name}.missing", lang) in page
            assert text(f"report.figure.{name}.missing", lang) in read(tmp_path, "report.md")
    assert text("report.table.untried", "en", names=", ".join(evidence.plan.specs)) in page
    assert text("claims.advice.no_trials", "zh") in page


def test_lost_curves_are_counted_aloud(tmp_path: Path) -> None:
    evidence = planted(tmp_path, seeds=2, sources=("adding",), lengths=(30,))
    lost = evidence.trials.filter(pl.col("phase") == "reporting")["trial"][0]
    (tmp_path / "trials" / f"{lost}.parquet").unlink()
    build(evidence, NO_VERDICTS)
    assert text("report.note.missing_curves", "en", n="1") in read(tmp_path, "report.html")


def test_diverged_trials_are_counted_and_explained(tmp_path: Path) -> None:
    evidence = planted(tmp_path, seeds=3, sources=("adding",), lengths=(30,))
    hit = (pl.col("contender") == "gru") & (pl.col("seed") == 1)
    changed = evidence.trials.with_columns(
        pl.when(hit).then(None).otherwise("score").alias("score"),
        pl.when(hit).then(None).otherwise("solved").alias("solved"),
        pl.when(hit).then(None).otherwise("steps_to_solved").alias("steps_to_solved"),
        pl.when(hit).then(pl.lit("diverged")).otherwise("outcome").alias("outcome"),
    )
    build(replace(evidence, trials=changed), NO_VERDICTS)
    row = pl.read_csv(tmp_path / "tables" / "contenders.csv").filter(pl.col("contender") == "gru").to_dicts()[0]
    kept = changed.filter((pl.col("contender") == "gru") & (pl.col("phase") == "reporting") & ~hit)["score"]
    assert row["diverged"] == 1
    assert row["solved"] == 2
    assert row["score"] == pytest.approx((kept.sum() + 0.125) / 3)
    assert row["score_4t"] == pytest.approx(sorted([*(kept - 0.5), 0.125])[1])  # the median, one of them at chance
    assert text("report.table.diverged_note", "zh") in read(tmp_path, "report.html")


def test_scores_on_longer_sequences_stand_beside_those_at_the_length_of_training(task_run: Run, file_run: Run) -> None:
    evidence, _ = task_run
    row = pl.read_csv(evidence.folder / "tables" / "contenders.csv").to_dicts()[0]
    scores = evidence.trials.filter(phase="reporting", condition=row["condition"], contender=row["contender"])["score"]
    assert row["score_2t"] == pytest.approx(scores.median() - 0.25)
    assert row["score_4t"] == pytest.approx(scores.median() - 0.5)
    for lang in ("en", "zh"):
        assert read(evidence.folder, "report.html").count(text("report.table.longer_note", lang)) == 1  # said once
        heads = [text(f"report.table.score_{k}t", lang) for k in (2, 4)]
        assert all(f">{head}</th>" in read(evidence.folder, "report.html") for head in heads)
        assert not any(f">{head}</th>" in read(file_run[0].folder, "report.html") for head in heads)


def test_scores_that_are_all_null_still_build(tmp_path: Path) -> None:
    evidence = planted(tmp_path, seeds=2, source_kind="file", lengths=(0, 5))
    nulls = [pl.lit(None, dtype=pl.Float64).alias(n) for n in ("score", "validation_score", "baseline_score")]
    build(replace(evidence, trials=evidence.trials.with_columns(nulls), card=None), NO_VERDICTS)
    assert text("report.figure.cost.missing", "en") in read(tmp_path, "report.html")


def test_an_unknown_language_is_a_users_error(task_run: Run) -> None:
    with pytest.raises(UnknownName, match="language 'de'"):
        build(*task_run, lang="de")


def test_a_folder_that_cannot_be_written_is_a_users_error(tmp_path: Path) -> None:
    evidence = planted(tmp_path, seeds=2, sources=("adding",), lengths=(30,), specs=("rnn",))
    (tmp_path / "tables").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(FolderConflict, match="cannot write"):
        build(evidence, NO_VERDICTS)
    assert not list(tmp_path.glob(".*"))


def test_building_imports_neither_torch_nor_matplotlib() -> None:
    code = (
        "import sys, tempfile, pathlib\n"
        "from carousel.experiments.judgement import judge\n"
        "from carousel.experiments.report import build\n"
        "from tests.support.evidence import planted\n"
        "run = planted(pathlib.Path(tempfile.mkdtemp()), seeds=2, lengths=(30,), specs=('rnn', 'lstm'))\n"
        "build(run, judge(run))\n"
        "assert not {'torch', 'matplotlib', 'pandas'} & set(sys.modules)\n"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env=environment(root), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def environment(root: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root)])}


def test_a_card_leads_to_the_figure_that_decides_it(task_run):
    page = (task_run[0].folder / "report.html").read_text(encoding="utf-8")
    for lang in ("en", "zh"):
        card = page.split(f'<section class="claim" id="vanishing-{lang}">')[1].split("</details>")[0]
        assert f'href="#lag-profile-initialisation-figure-{lang}"' in card
        assert f'id="lag-profile-initialisation-figure-{lang}"' in page
        assert "-figure-" not in page.split(f'<section class="claim" id="gates-{lang}">')[1].split("</section>")[0]


def test_machines_that_may_round_otherwise_are_named(task_run: Run, tmp_path: Path) -> None:
    evidence, judgement = task_run
    one = {"processor": "Wide <b>", "instructions": "a", "vectors": "AVX512", "torch": "2.13.0"}
    kinds = ((one, 1200), ({**one, "processor": "Narrow", "vectors": "AVX2"}, 30))
    assert "may round the last bits" not in read(evidence.folder, "report.md")
    for machines, said in ((kinds[:1], False), (kinds, True)):
        build(replace(evidence, machines=machines, folder=tmp_path), judgement)
        page, markdown = (read(tmp_path, name) for name in ("report.html", "report.md"))
        for lang in ("en", "zh"):
            line = text("report.page.machines", lang, kinds="2", shown="Wide <b>, AVX512: 1,200; Narrow, AVX2: 30")
            assert (line.replace("<b>", "&lt;b&gt;") in page) is said
        assert ("Narrow, AVX2: 30" in markdown) is said

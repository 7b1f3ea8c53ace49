"""The first screen: short sentences without the judge's words, and numbers that are those of the run folder."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest

from carousel.cli.conclusion import print_conclusion
from carousel.cli.console import Console
from carousel.common.texts import LANGUAGES, catalogue, text
from carousel.experiments.claims import ids
from carousel.experiments.conclusion import Conclusion
from carousel.experiments.decision.ranking import Ranked
from carousel.experiments.judgement import judge
from carousel.experiments.reference import reference_folders
from carousel.experiments.report.first import FirstScreen, first_screen
from carousel.experiments.report.first.picture import COLUMN
from carousel.experiments.report.first.plain_names import network
from carousel.experiments.report.first.second_voice import Voice, voices
from carousel.experiments.report.first.splits_picture import NARROWEST, RADIUS, splits_picture
from carousel.experiments.report.first.words import percent, times
from carousel.experiments.results.kept import schema
from carousel.experiments.results.load import load_evidence
from carousel.experiments.rivals.names import RIVALS
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.plan import Contender
from carousel.experiments.tables import RIVALS as RIVAL_TABLE
from carousel.experiments.tables import RivalRow
from tests.experiments.report.made import Run, read
from tests.support.evidence import as_row, planted

pytestmark = pytest.mark.slow

MOST_WORDS, MOST_SIGNS = 25, 60
JUDGES_WORDS = r"\b(contenders?|reporting|looks?|selectivity|intervals?|nats|slope)\b|区间|参赛|选择性|斜率|[\[\]]|/T="
ENDS = r"(?<=[.?!])\s+|(?<=[。？！])"


@pytest.fixture(params=["task_run", "file_run"])
def run(request: pytest.FixtureRequest) -> Run:
    return request.getfixturevalue(request.param)


def sentences(screen: FirstScreen) -> list[str]:
    said = [screen.title, screen.about, *screen.use, *screen.why]
    said += [each for line in screen.lines for each in (line.statement, line.says, line.reference)]
    said += [each for picture in screen.pictures for each in (picture.title, picture.caption)]
    return [sentence for each in said for sentence in re.split(ENDS, each) if sentence]


def too_long(sentence: str, lang: str) -> bool:
    return len(sentence.split()) > MOST_WORDS if lang == "en" else len(sentence) > MOST_SIGNS


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sentences_are_short_and_without_the_judges_words_or_code_names(run: Run, lang: str) -> None:
    said = sentences(first_screen(*run, lang))
    assert len(said) > 15
    assert [each for each in said if too_long(each, lang)] == []
    assert [each for each in said if re.search(JUDGES_WORDS, each)] == []
    coded = [spec for spec in run[0].plan.specs if ":" in spec]
    assert coded and [each for each in said if any(spec in each for spec in coded)] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_sentence_of_the_catalogue_is_short_with_the_longest_names_in_it(lang: str) -> None:
    words = catalogue(lang)
    names = [value for key, value in words.items() if key.startswith("first.name.") and "{" not in value]
    longest = max(names, key=lambda name: len(name.split()) if lang == "en" else len(name))
    rooms = ("first.says.", "first.use.", "first.why.", "first.past.", "first.reference.")
    texts = {key: value for key, value in words.items() if key.startswith(rooms)}
    assert len(texts) > 40
    named = r"\{(name|names|plain|lstm_\w+|rnn_\w+)\}"
    filled = {key: re.sub(r"\{\w+\}", "1", re.sub(named, longest, value)) for key, value in texts.items()}
    assert {key: said for key, said in filled.items() if any(too_long(s, lang) for s in re.split(ENDS, said))} == {}
    assert {key: said for key, said in filled.items() if re.search(JUDGES_WORDS, said)} == {}


def test_solved_runs_are_those_of_the_trials(task_run: Run) -> None:
    evidence, judgement = task_run
    trials = evidence.trials.filter(phase="reporting", contender=judgement.recommended)
    solved, n = trials["solved"].sum(), trials.height
    use = first_screen(evidence, judgement, "en").use
    key = "first.use.solved_all" if solved == n else "first.use.solved_some"
    assert n > 6 and use[1].startswith(text(key, "en", solved=solved, n=n))
    plain = evidence.trials.filter(phase="reporting", contender="rnn")["solved"].sum()
    assert f"a plain RNN solved {plain}" in use[1]
    assert f"普通 RNN 成功 {plain} 次" in first_screen(evidence, judgement, "zh").use[1]


def test_what_is_left_of_the_gradient_is_that_of_the_profiles(tmp_path: Path) -> None:
    evidence = planted(tmp_path, seeds=3, sources=("delayed-recall",), lengths=(100,), write_curves=False)
    judgement = replace(judge(evidence), recommended="lstm:chrono")
    screen = first_screen(evidence, judgement, "en")
    here = evidence.profiles.filter(moment="initialisation", condition="delayed-recall/T=100", lag=30)
    gains = {name: here.filter(contender=name)["log_gain"].mean() for name in ("rnn", "lstm:chrono")}
    assert gains["lstm:chrono"] > gains["rnn"]
    for gain in gains.values():
        assert percent(math.exp(gain), "en") in screen.why[0]
        assert percent(math.exp(gain / 30), "en") in screen.why[1]
    assert "30 steps back" in screen.why[0]
    assert screen.pictures[0].svg.count("<polyline") == here["contender"].n_unique()


def test_without_profiles_there_is_no_why(tmp_path: Path) -> None:
    evidence = planted(tmp_path, seeds=3, sources=("adding",), lengths=(30,), write_curves=False)
    bare = replace(evidence, profiles=evidence.profiles.clear(), slopes=evidence.slopes.clear())
    screen = first_screen(bare, judge(bare), "en")
    assert screen.why == () and len(screen.pictures) == 1


def test_a_gradient_that_is_kept_no_further_is_no_reason(tmp_path: Path) -> None:
    evidence = planted(tmp_path, seeds=3, sources=("adding",), lengths=(30,), write_curves=False)
    screen = first_screen(evidence, replace(judge(evidence), thresholds={"horizon_ratio": 1e9}), "en")
    assert screen.use[0].startswith("Use a") and screen.why == ()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_dot_is_drawn_for_every_training_and_filled_where_it_solved(task_run: Run, lang: str) -> None:
    reported = task_run[0].trials.filter(pl.col("phase") == "reporting")
    drawn = first_screen(*task_run, lang).pictures[-1].svg
    assert drawn.count("<circle") == reported.height
    assert drawn.count(" full") == reported["solved"].sum() > 0
    desc = re.search(r"<desc[^>]*>(.+?)</desc>", drawn)
    assert desc and len(desc[1]) > 60


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.587, "59 %"), (0.985, "98.5 %"), (0.9977, "99.77 %"), (1.0, "100 %"), (1.32, "132 %"), (0.07, "7.0 %"),
     (1e-7, "0.000010 %"), (1e-9, "under 0.000001 %")],
)  # fmt: skip
def test_a_share_is_said_in_percent_without_a_power_of_ten(share: float, shown: str) -> None:
    assert percent(share, "en") == shown
    assert percent(share, "zh") == shown.replace("under", "不到").replace(" %", "%")


@pytest.mark.parametrize(("ratio", "shown"), [(2.04, "2.0"), (17.2, "17"), (5967.5, "more than 100")])
def test_an_error_many_times_as_large_is_told_as_a_ratio(ratio: float, shown: str) -> None:
    assert times(ratio, "en") == shown


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_picture_of_the_splits_fits_one_of_two_columns(lang: str) -> None:
    specs = {"rnn:orthogonal": "orthogonal", "lstm:forget-bias-1": "forget-bias-1", "lstm:chrono": "chrono"}
    made = {
        spec: Contender(spec=spec, cell=spec[: spec.index(":")], init=init, layers=1, hidden=9, parameters=9)
        for spec, init in specs.items()
    }
    scores = [{"score": seed / 7, "baseline_score": 0.0, "outcome": "budget"} for seed in range(5)]
    trials = {("file", seed): as_row(row) for seed, row in enumerate(scores)}
    ranked = [Ranked(spec, made[spec].cell, init, 9, trials) for spec, init in specs.items()]
    empty = dict.fromkeys(schema(RIVAL_TABLE))
    rivals = {name: {seed: RivalRow(**empty | {"score": seed / 7}) for seed in range(5)} for name in RIVALS}
    drawn = splits_picture(ranked, made, rivals, lang)
    assert drawn is not None
    shown = ElementTree.fromstring(drawn[0])
    assert float(shown.attrib["width"]) <= COLUMN
    across = [float(dot.attrib["cx"]) for dot in shown.iter("circle")]
    assert len(across) == 5 * (len(specs) + len(rivals))
    assert float(shown.attrib["width"]) - max(across) > RADIUS and max(across) - min(across) >= NARROWEST - 1


def test_every_contender_of_a_run_has_a_plain_name(run: Run) -> None:
    for made in (c for group in run[0].plan.contenders.values() for c in group):
        for lang in LANGUAGES:
            assert made.spec not in (network(made, lang), network(made, lang, "label")) or made.spec == "gru"


def test_no_network_is_advised_where_none_beats_the_baseline(task_run: Run) -> None:
    screen = first_screen(task_run[0], replace(task_run[1], recommended=None), "en")
    assert screen.use == (text("first.use.none", "en"),) and screen.code == "" and screen.why == ()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_files_report_asks_about_the_past_and_names_no_chaos(file_run: Run, lang: str) -> None:
    screen = first_screen(*file_run, lang)
    name = file_run[0].plan.sources[0].name
    assert name in screen.title and screen.title in read(file_run[0].folder, "report.html")
    assert [bool(re.search(r"past|有用", said)) for said in screen.use] == [False] * (len(screen.use) - 1) + [True]
    assert not re.search("chaos|chaotic|混沌", " ".join(sentences(screen)))


def test_the_past_of_a_file_is_told_from_its_scores(file_run: Run) -> None:
    evidence, judgement = file_run
    reported = evidence.trials.filter(phase="reporting", contender=judgement.recommended)
    lengths = sorted(set(reported["length"]) - {0})
    whole, cut = (reported.filter(length=n)["score"].mean() for n in (0, lengths[0]))
    told = first_screen(evidence, judgement, "en").use[-1]
    assert f"{whole:.3g}" in told and f"{cut:.3g}" in told


def test_a_kept_run_stands_beside_and_says_whether_it_agrees(task_run: Run, tmp_path: Path) -> None:
    evidence, judgement = task_run
    folder = RunFolder(tmp_path)
    folder.write_json(folder.verdicts, judgement.as_json())
    beside = voices([tmp_path, tmp_path])
    seeds = sum(2 * [judgement.taken["vanishing"].seeds])
    answered = next(v for v in judgement.verdicts if v.verdict in {"supported", "refuted", "conditional"})
    other = "refuted" if answered.verdict != "refuted" else "supported"
    assert beside["vanishing"] == Voice(judgement.verdicts[0].verdict, seeds)
    said = {line.claim: line.reference for line in first_screen(evidence, judgement, "en", beside).lines}
    assert said[answered.claim].endswith("This run agrees.") and f"{seeds} seeds" in said["vanishing"]
    assert Voice(other, 80).beside(answered, "en").endswith("This run differs.")
    assert Voice(None, 80).beside(answered, "zh") == text("first.reference.split", "zh", seeds=80)
    assert "This run" not in Voice(answered.verdict, 80).beside(replace(answered, verdict="inconclusive"), "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_terminal_says_the_same_in_25_lines(run: Run, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_conclusion(Console(lang), Conclusion(*run, lang), as_json=False)
    printed = capsys.readouterr().out.splitlines()
    assert len(ids()) < len(printed) <= 25
    together = re.sub(r"\s", "", "".join(printed))
    screen = first_screen(*run, lang)
    for each in (*screen.use, *screen.why, *(line.says for line in screen.lines)):
        assert re.sub(r"\s", "", each) in together
    assert printed[-1].endswith("report.html")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_page_and_markdown_open_with_it_and_statistics_are_folded(run: Run, lang: str) -> None:
    screen = first_screen(*run, lang)
    article = read(run[0].folder, "report.html").split(f'<article lang="{lang}"')[1].split("</article>")[0]
    opening = article.split("<details")[0]
    assert all(each.replace("'", "&#39;") in opening for each in (*screen.use, *screen.why))
    assert all(line.says.replace("'", "&#39;") in opening for line in screen.lines)
    assert all(picture.svg in opening for picture in screen.pictures)
    folded = article.split('<details class="fold">')[1]
    assert (
        run[1].advice[lang].replace("'", "&#39;") in folded
        and 'class="claim"' in folded
        and 'class="claim"' not in opening
    )
    head = read(run[0].folder, "report.md").split(f"# {screen.title}")[1].split(text("first.page.measured", lang))[0]
    assert all(line.statement in head for line in screen.lines)


def test_a_run_of_many_tasks_and_seeds_shows_the_trainings_that_its_answer_speaks_of() -> None:
    """The reference evidence: ten tasks, up to 160 seeds; the nine networks of two tasks have ten seeds each."""
    evidence = load_evidence(reference_folders()[0])
    screen = first_screen(evidence, judge(evidence), "en")
    assert screen.about.startswith("Measured on 10 tasks, in ")
    drawn = screen.pictures[-1].svg
    assert drawn.count("<circle") == 9 * 60
    assert drawn.count("<circle") < evidence.trials.filter(pl.col("phase") == "reporting").height
    assert "solved its task in all 60 trainings" in " ".join(screen.use)

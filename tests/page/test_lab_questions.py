"""The course: page and Python draw the same questions, its cells and torch give the same answers and marks."""

from __future__ import annotations

from typing import Any

import pytest

from carousel.page.answers import answer_of, is_right
from carousel.page.draws import Draws
from carousel.page.questions import Question, drawn, paper, templates
from tests.support.node import answers

TIMES = 100
SEEDS = [1, 2, 77, 999_999]


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """What the page draws and answers."""
    asked = [{"kind": "asked", "given": {"template": t, "seed": 3, "times": TIMES}} for t in templates()]
    found = answers([*asked, {"kind": "papers", "given": {"seeds": SEEDS}}])
    return {"papers": found.pop(), **dict(zip(templates(), found, strict=True))}


def test_the_same_seed_gives_the_same_paper(page: dict[str, Any]) -> None:
    for seed, found in zip(SEEDS, page["papers"], strict=True):
        assert [question._asdict() for question in paper(seed)] == found
        assert len({each["template"] for each in found}) == len(found) == 10
    assert page["papers"][0] != page["papers"][1]


@pytest.mark.parametrize("template", templates())
def test_a_hundred_questions_have_the_answers_of_torch(template: str, page: dict[str, Any]) -> None:
    draw = Draws(3)
    for found in page[template]:
        question = drawn(template, draw)
        assert question.values == found["values"]
        assert answer_of(question) == pytest.approx(found["right"], rel=1e-9, abs=1e-12)


def wrong(template: str, right: float, turn: int) -> float:
    """Another option or step, or a number that is off by more than is tolerated."""
    declared = templates()[template]
    if declared["kind"] == "choice":
        return (right + 1 + turn % (len(declared["options"]) - 1)) % len(declared["options"])
    if declared["kind"] == "step":
        return right % 5 + 1
    tolerance = max(declared["tolerance"]["relative"] * abs(right), declared["tolerance"]["absolute"])
    return right + (1.01 if turn % 2 else -1.01) * tolerance


def test_right_answers_are_right_and_wrong_ones_wrong(page: dict[str, Any]) -> None:
    given, wanted = [], []
    for template in templates():
        for turn, found in enumerate(page[template]):
            question = {"template": template, "values": found["values"]}
            answered = {True: found["right"], False: wrong(template, found["right"], turn)}
            given += [{"question": question, "answer": answer} for answer in answered.values()]
            wanted += answered
    given.append({"question": given[0]["question"], "answer": None})
    wanted.append(False)
    (marks,) = answers([{"kind": "markings", "given": {"given": given}}])
    assert marks == wanted
    assert [is_right(Question(**each["question"]), each["answer"]) for each in given] == wanted


def test_no_question_has_two_answers(page: dict[str, Any]) -> None:
    """Every answer of a choice is one of its options, and each template has more than one answer."""
    for template, declared in templates().items():
        found = {each["right"] for each in page[template]}
        assert len(found) > 1, template
        if declared["kind"] == "choice":
            assert found <= set(range(len(declared["options"])))

"""Results of the course's final paper, as a reader saved them: checked, and every answer marked anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, Field, ValidationError

from carousel.common.damage import in_words
from carousel.common.errors import BadData
from carousel.page.answers import is_right
from carousel.page.questions import SEEDS, Question, paper, templates

_MOST = 1_000_000  # bytes of a result; one has some 3,000
_FIX = "hand in the paper again with this version, and save its result anew"


class Marked(NamedTuple):
    """seed: of the paper. right: of each question. missed: chapters with a wrong answer. told: the marks in the file
    are those found here."""

    name: str
    day: str
    seed: int
    right: list[bool]
    missed: list[str]
    told: bool


class _Answer(BaseModel):
    template: str
    values: dict[str, Any]
    answer: float | None
    right: bool


class _Result(BaseModel):
    carousel: Literal["paper"]
    version: Literal[1]
    seed: Annotated[int, Field(ge=SEEDS[0], le=SEEDS[1])]
    name: str
    day: str
    answers: list[_Answer]


def marked(path: Path) -> Marked:
    """Marks a result. Raises BadData for a file that is none, or whose questions are not those of its seed."""
    result = _read(path)
    questions = [Question(each.template, each.values) for each in result.answers]
    if questions != paper(result.seed):
        raise BadData(f"the questions of {str(path)!r} are not those of its paper", got=result.seed, fix=_FIX)
    right = [is_right(question, each.answer) for question, each in zip(questions, result.answers, strict=True)]
    missed = [templates()[q.template]["chapter"] for q, good in zip(questions, right, strict=True) if not good]
    told = [each.right for each in result.answers] == right
    return Marked(result.name, result.day, result.seed, right, list(dict.fromkeys(missed)), told)


def _read(path: Path) -> _Result:
    try:
        text = path.read_bytes()[: _MOST + 1].decode("utf-8")
        return _Result.model_validate(json.loads(text))
    except OSError as error:
        raise BadData(f"cannot read {str(path)!r}", got=error.strerror) from error
    except (UnicodeDecodeError, json.JSONDecodeError, ValidationError) as error:
        what = f"{str(path)!r} is no result of the lab page's paper"
        raise BadData(what, got=in_words(error), fix=_FIX) from error

"""What the network answered on the test part, as pictures: by the kind of the file."""

from __future__ import annotations

from carousel.experiments.report.first.confusion_picture import confusion_picture
from carousel.experiments.report.first.forecast_pictures import ahead_picture, forecast_picture
from carousel.experiments.report.first.scatter_picture import scatter_picture
from carousel.experiments.results.answered import Answers

Drawn = tuple[str, str, str]  # SVG, title, caption


def answers_pictures(answers: Answers, lang: str) -> tuple[Drawn, ...]:
    """None of answers that are not finite, and none of piano rolls."""
    if answers.spread.is_empty():
        return ()
    if answers.kind == "classification":
        return (confusion_picture(answers, lang),)
    if answers.kind == "regression":
        return (scatter_picture(answers, lang),)
    drawn = (forecast_picture(answers, lang), ahead_picture(answers, lang))
    return tuple(each for each in drawn if each)

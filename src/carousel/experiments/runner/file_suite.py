"""What is asked of a user's file where no contenders are named: which networks the claims need there.

Two of the seven need networks of their own: `stacking` LSTMs of several layers, `attention` a Transformer. They are
trained where these claims are named alone: in every run on a file they would more than double its time (Japanese Vowels
and the standard budget: 10 to 26 minutes at most), and depth in small numbers of parameters needs more of them.
"""

from __future__ import annotations

from carousel.common.names import CLAIMS
from carousel.experiments.contenders.spec import ContenderSpec, parse_contenders
from carousel.experiments.runner.budgets import Budget
from carousel.experiments.runner.suites import BESIDE_ATTENTION, DEPTHS

_OWN = {"stacking": DEPTHS, "attention": BESIDE_ATTENTION}
SHOWN_ONLY = ("gates", "attention")  # measured on a file, but not judged there


def file_claims(claims: tuple[str, ...]) -> tuple[str, ...]:
    """The claims that a run on a file has networks for: those named, else all that need none of their own."""
    return claims or tuple(claim for claim in CLAIMS if claim not in _OWN)


def file_contenders(budget: Budget, claims: tuple[str, ...]) -> list[ContenderSpec]:
    """The contenders of these claims, each once: those of the budget, and those that a claim has of its own."""
    asked = file_claims(claims)
    texts = [budget.contenders] if set(asked) - set(_OWN) else []
    texts += [_OWN[claim] for claim in asked if claim in _OWN]
    return list(dict.fromkeys(spec for text in texts for spec in parse_contenders(text)))

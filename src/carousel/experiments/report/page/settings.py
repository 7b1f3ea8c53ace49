"""How the run was made: its plan, the thresholds, the environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from carousel.common.pages.numbers import MISSING, count, rate
from carousel.common.texts import catalogue, text
from carousel.experiments.claims import ids
from carousel.experiments.report.names import conditions, length_name
from carousel.experiments.report.page.view import Table
from carousel.experiments.runner.plan import Plan


def plan_table(plan: Plan, lang: str) -> Table:
    """Everything that decided the numbers."""
    training, goes_on = plan.training, plan.most_rates > len(plan.learning_rates)
    rows = {
        "budget": plan.budget,
        "claims": ", ".join(plan.claims or ids()),
        "sources": "; ".join(_source(plan, source.name, lang) for source in plan.sources),
        "lengths": _lengths(plan, lang),
        "parameters": count(plan.parameters),
        "learning_rates": ", ".join(map(rate, plan.learning_rates)),
        **({"rate_bounds": ", ".join(map(rate, plan.rate_bounds))} if goes_on else {}),
        **({"finest_ratio": rate(plan.finest_ratio)} if plan.finest_ratio is not None else {}),
        "tuning_seeds": _seeds(plan.tuning_seeds),
        "reporting_seeds": _seeds(plan.reporting_seeds),
        "interim_analyses": ", ".join(map(count, plan.analyses)),
        "untrained_seeds": count(len(plan.untrained_seeds)),
        "steps": count(training.steps),
        "batch_size": count(training.batch_size),
        "optimiser": text("report.plan.adam", lang, clip=rate(training.clip_norm)),
        **_stops(plan, lang),
        **_own_training(plan, lang),
        "kernel": plan.kernel,
        "digest": plan.digest(),
    }
    title = text("report.plan.settings", lang)
    return _pairs(title, ((text(f"report.plan.{name}", lang), value) for name, value in rows.items()))


def _source(plan: Plan, name: str, lang: str) -> str:
    """With the claims it is there for, where these are not all."""
    claims = plan.claims_by_source.get(name)
    return name if claims is None else text("report.plan.for_claims", lang, source=name, claims=", ".join(claims))


def _lengths(plan: Plan, lang: str) -> str:
    lengths = dict.fromkeys(condition.length for condition in conditions(plan))
    return ", ".join(length_name(length, lang) for length in lengths)


def _own_training(plan: Plan, lang: str) -> dict[str, str]:
    """What is trained otherwise than the rest."""
    lines = [
        text(
            "report.plan.training_by_source_rule", lang, source=name, batch_size=count(own.batch_size),
            steps=count(own.steps),
        )
        for name, own in plan.training_by_source.items()
    ]  # fmt: skip
    return {"training_by_source": "; ".join(lines)} if lines else {}


def _stops(plan: Plan, lang: str) -> dict[str, str]:
    """The rules by which a trial may end before its last step."""
    stop = plan.training.stop
    rules: dict[str, dict[str, object]] = {
        "solved": {"checks": stop.solved_checks, "every": count(stop.check_every)},
    }
    if stop.patience is not None:
        rules["patience"] = {"checks": stop.patience}
    if plan.prunes_tuning:
        rules["pruned"] = {}
    return {name: text(f"report.plan.{name}_rule", lang, **values) for name, values in rules.items()}


def thresholds_table(thresholds: Mapping[str, float], lang: str) -> Table:
    """Every margin of every rule, as the judgement holds them."""
    words = catalogue(lang)
    rows = [(words.get(f"claims.thresholds.{name}", name), rate(value)) for name, value in thresholds.items()]
    return _pairs(text("report.plan.thresholds", lang), rows, numeric=True)


def environment_table(environment: Mapping[str, Any], lang: str) -> Table:
    """Versions, processor, kernels: as recorded, in English."""
    rows = [(name, _plain(value)) for name, value in environment.items()]
    return _pairs(text("report.plan.environment", lang), rows or [(text("report.plan.nothing", lang), "")])


def _plain(value: Any) -> str:
    """A text or number as it is; what is nested as one line, its names in their order."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_nested(inner)}" for name, inner in value.items()) or MISSING
    if isinstance(value, list | tuple):
        return ", ".join(map(_nested, value)) or MISSING
    return MISSING if value is None else str(value)


def _nested(value: Any) -> str:
    shown = _plain(value)
    return f"({shown})" if isinstance(value, Mapping) and value else shown


def _seeds(seeds: tuple[int, ...]) -> str:
    """ "1 – 5" for a run of seeds without gaps, else a list."""
    whole = list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))) if seeds else False
    return f"{seeds[0]} – {seeds[-1]}" if whole and len(seeds) > 2 else ", ".join(map(str, seeds))


def _pairs(title: str, rows: Iterable[tuple[str, str]], numeric: bool = False) -> Table:
    return Table(headers=("", ""), rows=tuple(rows), title=title, numeric=frozenset({1} if numeric else ()))

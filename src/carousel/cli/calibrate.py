"""`carousel calibrate`: are the measures and the rules right? Oracles, false verdicts, power; table and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from carousel.cli.console import Console
from carousel.common.errors import BadPlan, FolderConflict, UnknownName
from carousel.common.files import write_text, writing_to
from carousel.common.pages.numbers import MISSING
from carousel.common.texts import text
from carousel.experiments.calibration.measure import Calibration
from carousel.experiments.calibration.permuted import measure
from carousel.experiments.calibration.results import SCHEMA, false_at_limits, false_if_same, power, result, rule_digest
from carousel.experiments.calibration.scenarios import SCENARIOS
from carousel.experiments.calibration.stored import seeds_of, sentence
from carousel.experiments.decision.wording import number
from carousel.experiments.results.load import load_evidence

_COLUMNS = ("rule", "seeds", "false_same", "false_limit", "sensible", "found", "smallest", "holm")


def calibrate(repetitions: int, seed: int, only: str | None, out: Path | None, as_json: bool, lang: str) -> None:
    """Ask every rule; what `out` holds of the same calibration already is kept, so that a stopped one goes on."""
    _check(repetitions, seed)
    chosen = _chosen(only)
    console = Console(lang, quiet=as_json)
    known = _known(out, repetitions, seed)
    if known:
        console.say("claims.calibration.kept", rules=len(known))
    console.say("claims.calibration.begin", rules=len(chosen), repetitions=repetitions, seed=seed)
    oracles = [_reported(oracle, console) for oracle in _oracles()]
    found: dict[str, Any] = {}
    for name in SCENARIOS:
        if name in known or name in chosen:
            found[name] = known.get(name) or Calibration(repetitions, seed).of(SCENARIOS[name])
            _write(out, result(repetitions, seed, oracles, found))
    _print(console, found)
    whole = result(repetitions, seed, oracles, found)
    console.lines([sentence(whole)[lang]])
    if out:
        console.say("claims.calibration.written", path=out)
    if as_json:
        console.json(whole)


def permuted(
    folder: Path, repetitions: int, seed: int, unfit: tuple[str | None, Path | None], as_json: bool, lang: str
) -> None:
    """Ask every rule of a run's real trainings, their labels swapped by chance. unfit: what --only and --out were
    given, which do not go with it. Raises FolderConflict."""
    _check(repetitions, seed)
    if any(unfit):
        raise BadPlan("--permute asks all rules and writes no file", got="--only or --out", fix="leave them out")
    console = Console(lang, quiet=as_json)
    console.say("claims.calibration.permuting", repetitions=repetitions, folder=folder)
    found = measure(load_evidence(folder), repetitions, seed)
    head = [text(f"claims.calibration.{name}", lang) for name in ("claim", "false_permuted")]
    console.table(head, [[text(f"claims.{name}.title", lang), _share(one)] for name, one in found.items()])
    if as_json:
        console.json({"folder": str(folder), "repetitions": repetitions, "seed": seed, "claims": found})


def _check(repetitions: int, seed: int) -> None:
    if not 4 <= repetitions <= 100_000:
        raise BadPlan("--repetitions is out of range", allowed="4 to 100000", got=repetitions)
    if seed < 0:
        raise BadPlan("--seed is negative", allowed="0 or more", got=seed)


def _chosen(only: str | None) -> list[str]:
    chosen = [*SCENARIOS] if only is None else [name.strip() for name in only.split(",")]
    for name in chosen:
        if name not in SCENARIOS:
            raise UnknownName("rule", name, SCENARIOS)
    return chosen


def _known(out: Path | None, repetitions: int, seed: int) -> dict[str, Any]:
    """The rules that a file holds from the same calibration, their thresholds those of today. A file that is something
    else, or another calibration, is not overwritten."""
    if out is None or not out.exists():
        return {}
    try:
        kept = json.loads(out.read_text(encoding="utf-8"))
        asked = {"schema": SCHEMA, "repetitions": repetitions, "seed": seed}
        other = {name: kept[name] for name, value in asked.items() if kept[name] != value}
        asked_now = {name: rule_digest(scenario) for name, scenario in SCENARIOS.items()}
        known = {name: r for name, r in kept["rules"].items() if r.get("thresholds") == asked_now.get(name)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FolderConflict(f"{out} is no calibration", fix="name another file with --out") from error
    if other:
        differs = ", ".join(f"{name} {value}" for name, value in other.items())
        raise FolderConflict(f"{out} holds another calibration", got=differs, fix="name another file with --out")
    return known


def _oracles() -> Any:
    from carousel.experiments.probes.flow_checks import oracles

    return oracles()


def _reported(oracle: Any, console: Console) -> dict[str, Any]:
    """One oracle, printed, as plain data."""
    mark = text(f"claims.calibration.{'met' if oracle.met else 'missed'}", console.lang)
    values = {name: f"{getattr(oracle, name):.6g}" for name in ("found", "expected", "tolerance")}
    console.say("claims.calibration.oracle", mark=mark, name=oracle.name, **values)
    return {**oracle._asdict(), "met": oracle.met}


def _write(out: Path | None, whole: dict[str, Any]) -> None:
    if out:
        with writing_to(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            write_text(out, json.dumps(whole, indent=1) + "\n")


def _print(console: Console, rules: Mapping[str, Any]) -> None:
    head = [text(f"claims.calibration.{name}", console.lang) for name in _COLUMNS]
    console.table(head, [_cells(name, rule, console.lang) for name, rule in rules.items()])
    console.say("claims.calibration.legend")


def _cells(name: str, rule: Mapping[str, Any], lang: str) -> list[str]:
    smallest = [rule["power"]["smallest"][curve] for curve in ("alone", "holm")]
    none = text("claims.calibration.none", lang)
    return [
        name,
        seeds_of(rule),
        _share(false_if_same(rule)),
        _share(false_at_limits(rule)),
        number(rule["power"]["sensible"]),
        _share(power(rule)),
        *(none if size is None else number(size) for size in smallest),
    ]


def _share(share: Mapping[str, Any] | None) -> str:
    if share is None:
        return MISSING
    return f"{share['rate']:.3f} [{share['ci95'][0]:.3f}, {share['ci95'][1]:.3f}]"

"""Claim 2, control: exponents with their errors, and spikes on equal steps."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from carousel.experiments.calibration.simulated import run, trial
from carousel.experiments.claims.exploding.claim import Exploding
from carousel.experiments.claims.exploding.contrast import contrast_rows
from carousel.experiments.claims.exploding.control import control_row, control_word
from carousel.experiments.claims.exploding.exponents import Exponent, Exponents, shown
from carousel.experiments.claims.exploding.spikes import (
    leads,
    matched,
    on_equal_steps,
    spike_count,
    spike_trials,
    trials_of,
)
from carousel.experiments.decision.interim import sequentially
from carousel.experiments.decision.results import Results
from carousel.experiments.tables import TrialRow
from tests.support.evidence import as_row

KEY, OTHER = "adding/T=10", "adding/T=30"


def network(mean: float | None, error: float | None = 1e-4, **more: Any) -> TrialRow:
    measured = {"lyapunov_end": mean, "lyapunov_end_se": error, "lyapunov_end_streams": 8, "lyapunov_end_steps": 3000}
    return as_row(trial(KEY, "lstm", 0, **measured, **more))


def trained(spec: str, seed: int, spikes: str = "", steps: int = 2000, key: str = KEY) -> dict[str, Any]:
    return trial(key, spec, seed, spike_steps=spikes, steps=steps)


def test_the_interval_of_an_exponent_is_students_over_streams():
    low, high = Exponent(0.01, 0.002, 8, 3000).limits(0.05)
    assert (low, high) == pytest.approx((0.01 - 2.3646 * 0.002, 0.01 + 2.3646 * 0.002), abs=1e-6)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([network(-0.001)], Exponents(1, 0, 1)),
        ([network(0.02)], Exponents(1, 1, 0)),
        ([network(0.02, 0.02)], Exponents(1, 0, 0)),  # open
        ([network(0.0003, 1e-6)], Exponents(1, 0, 1)),  # a carousel with f = 1: in proportion to time, ln 3 / 3000
        ([network(0.0005, 1e-6)], Exponents(1, 1, 1)),  # doubles, though in 1,400 steps
        ([network(None, None), network(0.02, None)], Exponents(0, 0, 0)),
    ],
)
def test_what_is_shown_of_an_exponent(rows, found):
    assert shown(rows, 0.05, 0.05) == found


def test_the_more_networks_the_more_it_takes_to_show_one_chaotic():
    one, calm = network(0.001, 2e-4), network(-0.001)
    assert shown([one], 0.05, 0.05).chaotic == 1
    assert shown([one] + 240 * [calm], 0.05, 0.05).chaotic == 0


def test_spikes_are_counted_up_to_the_end_of_the_shorter_training():
    assert spike_count(as_row(trained("rnn", 0, "12 340 341"))) == 3
    assert spike_count(as_row(trained("rnn", 0, "12 340 341")), 340) == 2
    assert on_equal_steps(*map(as_row, (trained("rnn", 0, "12 340 900"), trained("lstm", 0, "5", 600)))) == (2, 1, 600)


def test_no_contender_is_in_two_matched_pairs_and_all_of_them_take_turns():
    rnns, lstms = ["r", "s"], ["a", "b", "c"]
    for turn in range(6):
        for pairs in (matched(rnns, lstms, turn), matched(lstms, rnns, turn)):
            assert len(pairs) == 2
            assert len({one for pair in pairs for one in pair}) == 4
    met = {tuple(pair) for turn in range(3) for pair in matched(rnns, lstms, turn)}
    assert met == {(r, m) for r in rnns for m in lstms}


def results(rows: list[dict[str, Any]], specs=("rnn", "lstm"), lengths=(10,)) -> Results:
    return Results(run(specs, ["adding"], lengths, rows))


def seeds_with(rnn: list[str], lstm: list[str]) -> Results:
    rows = [trained("rnn", seed, spikes) for seed, spikes in enumerate(rnn)]
    return results(rows + [trained("lstm", seed, spikes) for seed, spikes in enumerate(lstm)])


def test_a_lead_is_summed_over_lengths_on_equal_steps():
    rows = [
        trained("rnn", 0, "1 2 1999"),
        trained("lstm", 0, "7", steps=1000),
        trained("rnn", 0, key=OTHER),
        trained("lstm", 0, "4 5 6", key=OTHER),
    ]
    found = results(rows, lengths=(10, 30))
    assert leads(found, "adding", trials_of(spike_trials(found, "RNN", "LSTM"))) == [2 - 1 + 0 - 3]


@pytest.mark.parametrize(
    ("rnn", "lstm", "verdict"),
    [
        (["5"] * 10, [""] * 10, "supported"),
        ([""] * 10, ["5"] * 10, "refuted"),
        (["5"] * 5 + [""] * 5, [""] * 5 + ["5"] * 5, "inconclusive"),
        (["5"] * 5, [""] * 5, "inconclusive"),  # five of five: p = .06
        (["5"] * 10, ["5"] * 10, "inconclusive"),
        (["5 " * 54] + [""] * 9, [""] * 10, "inconclusive"),  # one training that leaps a lot is one seed
    ],
)
def test_contrast_is_a_sign_test_over_seeds(rnn, lstm, verdict):
    (row,) = contrast_rows(seeds_with(rnn, lstm), 0.05)
    assert row.verdict == verdict
    assert row.details["more"] + row.details["fewer"] <= row.n == len(rnn)
    assert row.details["pairs"][0]["equal_steps"] == 2000 * len(rnn)


def test_a_refutation_has_a_third_of_the_error():
    """0 of 6: p = .031, 0 of 8: .008."""
    (six,), (eight,) = (contrast_rows(seeds_with([""] * n, ["5"] * n), 0.05) for n in (6, 8))
    assert (six.verdict, eight.verdict) == ("inconclusive", "refuted")
    (more,) = contrast_rows(seeds_with(["5"] * 6, [""] * 6), 0.05)
    assert more.verdict == "supported"


def test_control_takes_both_halves_and_either_refutes_it():
    calm = {seed: replace(network(-0.001), seed=seed) for seed in range(160)}
    group, few = (KEY, "lstm"), {seed: row for seed, row in calm.items() if seed < 20}
    absolute = {"supported": control_row({group: calm}, 0.05), "open": control_row({group: few}, 0.05)}
    absolute["refuted"] = control_row({group: calm | {160: network(0.5)}}, 0.05)
    words = {name: row.verdict for name, row in absolute.items()}
    assert words == {"supported": "supported", "open": "inconclusive", "refuted": "refuted"}
    more, fewer, alike = (
        contrast_rows(seeds_with(*sides), 0.05)
        for sides in ((["5"] * 10, [""] * 10), ([""] * 10, ["5"] * 10), (["5"] * 10, ["5"] * 10))
    )
    assert control_word(absolute["supported"], more) == "supported"
    assert control_word(absolute["supported"], fewer) == "refuted"
    assert control_word(absolute["supported"], alike) == "inconclusive"
    assert control_word(absolute["supported"], more + fewer) == "conditional"
    assert control_word(absolute["supported"], []) == "inconclusive"
    assert control_word(absolute["open"], more) == "inconclusive"
    assert control_word(absolute["open"], fewer) == "refuted"
    assert control_word(absolute["refuted"], more) == "refuted"


def test_every_contender_counts_with_the_seeds_that_all_of_them_have():
    """Another claim gave the first condition more seeds."""
    rows = [trained("lstm", seed, "5", key=key) for key in (KEY, OTHER) for seed in range(3)]
    rows += [trained("lstm", seed, "5 6 7") for seed in range(3, 9)]
    control = control_row(spike_trials(results(rows, lengths=(10, 30)), "LSTM"), 0.05)
    assert (control.n, control.details["seeds"], control.details["spikes"]) == (6, 3, 6)
    assert control.rests_on == ((KEY, "lstm"), (OTHER, "lstm"))


def test_control_that_is_open_asks_for_more_seeds_of_all_lstms():
    """Ten seeds leave both halves open; at the next analysis they get those of the second look."""
    specs = ("rnn", "lstm", "lstm:chrono")
    rows = [trained(spec, seed, "5" if seed % 2 else "") for spec in specs for seed in range(10)]
    evidence = run(specs, ["adding"], [10], rows)
    seeds = {"reporting_seeds": tuple(range(40)), "interim_analyses": (10, 40)}
    evidence = replace(evidence, plan=evidence.plan.model_copy(update=seeds))
    settled = sequentially([Exploding()], evidence)
    assert settled.missing == settled.allocation.keys()
    assert settled.allocation == {(KEY, spec): 40 for spec in specs}


def test_growth_in_proportion_to_time_is_where_the_limit_lies():
    steps, warmup = 3000, 1500
    grown = math.log(warmup + steps) - math.log(warmup)
    (row,) = [network(grown / steps, 1e-9)]
    assert shown([row], 0.05, 0.05).chaotic == 0
    assert shown([network(1.01 * grown / steps, 1e-9)], 0.05, 0.05).chaotic == 1

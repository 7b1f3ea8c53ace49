"""Claim 2, the part control, from gradient norms and exponents of trained networks: LSTMs alone, and beside RNNs."""

from __future__ import annotations

import math
from typing import Any

from curves import finite_norms
from curves import spikes as spikes_of
from folder import Trial
from limits import Limits, exact, student
from opinion import Opinion
from pairs import Pairs

SHARE, BURST, CALM, HALF = 1e-4, 8.0, 0.01, 0.5  # docs/claims.md, 2
WAYS = 3  # to be refuted, which share the error


def steps_of(pairs: Pairs, trial: Trial) -> set[int]:
    """Steps whose norm spiked or is no finite number."""
    curve = pairs.folder.curve(trial)
    finite = finite_norms(curve)
    return spikes_of(finite) | set(curve["step"].to_list()) - set(finite)


def check_control(pairs: Pairs, row: dict[str, Any], opinion: Opinion) -> str:
    """All LSTMs together, of the seeds that all of them have. The verdict."""
    groups = [group for source in pairs.sources("exploding") for group in pairs.groups(source, "LSTM")]
    trials = [trial for found in pairs.of("exploding", *groups) for trial in first(found, row["seeds"])]
    counts = [(len(steps_of(pairs, t)), int(t.said["steps"])) for t in trials]
    level, found = row["level"], [t for t in trials if t.said.get("lyapunov_end_se") is not None]
    share = 1 - (1 - level) / WAYS / max(1, len(found))
    chaotic = sum(of_exponent(t, share)[0] > math.log(3) / t.said["lyapunov_end_steps"] for t in found)
    ours = {
        "trials": len(trials), "seeds": len({t.seed for t in trials}), "steps": sum(n for _, n in counts),
        "spikes": sum(k for k, _ in counts), "exponents": len(found), "chaotic": chaotic,
        "calm": sum(of_exponent(t, level)[1] < CALM for t in found),
        "diverged": sum(t.said["outcome"] == "diverged" for t in trials),
    }  # fmt: skip
    for name, value in ours.items():
        opinion.say("control", f"LSTM, {name}", row[name], value)
    opinion.say("control", "LSTM, share", row["effect"]["value"], ours["spikes"] / ours["steps"])
    for name, printed, limit in zip(("low", "high"), row["effect"]["ci95"], in_bursts(counts, 0.95), strict=True):
        opinion.say("limits of spikes", f"LSTM, {name}", printed, limit)
    upper = in_bursts(counts, level)[1]
    opinion.say("limits of spikes", "LSTM, upper limit", row["upper_limit"], upper)
    lower = in_bursts(counts, 1 - (1 - level) / WAYS)[0]
    calm = ours["calm"] == ours["exponents"] == len(trials)
    verdict = "refuted" if chaotic or lower > SHARE else "supported" if upper < SHARE and calm else "inconclusive"
    opinion.say("verdicts of rows", "exploding LSTM", row["verdict"], verdict)
    return verdict


def first(found: dict[int, Trial], seeds: int) -> list[Trial]:
    """Of the first seeds, as many as the row had: other claims may have given a contender more since."""
    return [found[seed] for seed in sorted(found)[:seeds]]


def of_exponent(trial: Trial, level: float) -> Limits:
    """Student's limits from the standard error over streams."""
    half = student((1 + level) / 2, trial.said["lyapunov_end_streams"] - 1) * trial.said["lyapunov_end_se"]
    return trial.said["lyapunov_end"] - half, trial.said["lyapunov_end"] + half


def in_bursts(counts: list[tuple[int, int]], level: float) -> Limits:
    """Rao and Scott 1992: exact limits after both counts are divided by the design effect, which is the variance of the
    ratio between trainings over the binomial one, and BURST at least."""
    spikes, steps, trials = sum(k for k, _ in counts), sum(n for _, n in counts), len(counts)
    share, effect = spikes / steps, BURST
    if 0 < spikes < steps and trials > 1:
        between = trials / (trials - 1) * sum((k - share * n) ** 2 for k, n in counts) / steps**2
        effect = max(BURST, between / (share * (1 - share) / steps))
    return exact(spikes / effect, steps / effect, level)


def check_contrast(pairs: Pairs, row: dict[str, Any], opinion: Opinion) -> str:
    """RNNs against LSTMs of one source, on equal steps: the sign test over seeds. The verdict."""
    leads = leads_of(pairs, row["where"], opinion, row)
    more, untied = sum(lead > 0 for lead in leads), sum(lead != 0 for lead in leads)
    where = f"RNN against LSTM on {row['where']}"
    for name, ours in (("seeds", len(leads)), ("more", more), ("fewer", untied - more)):
        opinion.say("control", f"{where}, {name}", row[name], ours)
    opinion.say("control", f"{where}, share", row["effect"]["value"], more / untied if untied else None)
    ends = exact(more, untied, 0.95) if untied else (0.0, 1.0)
    for name, printed, limit in zip(("low", "high"), row["effect"]["ci95"], ends, strict=True):
        opinion.say("limits of spikes", f"{where}, {name}", printed, limit)
    verdict = "inconclusive"
    if untied and exact(more, untied, row["level"])[0] > HALF:
        verdict = "supported"
    elif untied and exact(more, untied, 1 - (1 - row["level"]) / WAYS)[1] < HALF:
        verdict = "refuted"
    opinion.say("verdicts of rows", f"exploding {where}", row["verdict"], verdict)
    return verdict


def leads_of(pairs: Pairs, source: str, opinion: Opinion, row: dict[str, Any]) -> list[int]:
    """Spikes of RNNs minus those of LSTMs by seed: pairs without a common contender, which change from seed to seed
    and from length to length; of each pair as many steps as the shorter training has. Also every pair's sums, as
    printed."""
    conditions = pairs.conditions[source]
    groups = pairs.groups(source, "RNN", "LSTM")
    each = (first(found, row["seeds"]) for found in pairs.of("exploding", *groups))
    found = {group: {trial.seed: trial for trial in trials} for group, trials in zip(groups, each, strict=True)}
    where = {t.name: steps_of(pairs, t) for group in found.values() for t in group.values()}

    def equal(condition: str, pair: tuple[str, str], seed: int) -> tuple[int, int, int]:
        both = [found[condition, spec][seed] for spec in pair]
        steps = min(t.said["steps"] for t in both)
        first, second = (sum(step <= steps for step in where[t.name]) for t in both)
        return first, second, steps

    for printed in row["pairs"]:
        pair = (printed["pair"][0], printed["pair"][1])
        sums = [
            sum(column)
            for column in zip(*(equal(c, pair, s) for c in conditions for s in found[c, pair[0]]), strict=True)
        ]
        for name, ours in zip(("rnn_spikes", "lstm_spikes", "equal_steps"), sums, strict=True):
            opinion.say("control", f"{source} {' vs '.join(pair)}, {name}", printed[name], ours)
    rnns, lstms = pairs.specs(source, "RNN"), pairs.specs(source, "LSTM")
    leads = []
    for turn, seed in enumerate(sorted({seed for group in found.values() for seed in group})):
        each = [equal(c, p, seed) for k, c in enumerate(conditions) for p in _matched(rnns, lstms, turn + k)]
        leads.append(sum(first - second for first, second, _ in each))
    return leads


def _matched(rnns: list[str], lstms: list[str], turn: int) -> list[tuple[str, str]]:
    """Each contender of the smaller family with one of the larger, the k-th with the (k + turn)-th."""
    if len(rnns) < len(lstms):
        return [(rnn, lstms[(k + turn) % len(lstms)]) for k, rnn in enumerate(rnns)]
    return [(rnns[(k + turn) % len(rnns)], lstm) for k, lstm in enumerate(lstms)]

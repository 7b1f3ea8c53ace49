"""What training networks together saves: a training step of 16 together against 16 alone, and the share of the peak.

    python benchmarks/populations.py [--rounds 5] [--steps 200] [--before SRC]

Each measurement is a process of its own, of one thread; the ways take turns, and medians are printed. `--before` names
the src folder of a version that trained one network at a time (before 2026-11-28), which then takes its turn too.
Everything of a step is counted: drawing sequences, forward, backward, clipping, Adam, and a check every 100 steps.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

NETWORKS, HIDDEN = 16, 32
SHAPES = [(cell, length) for length in (30, 100) for cell in ("rnn", "lstm", "gru")]

_BEFORE = """
import sys, time, torch
from carousel.experiments.tasks import task
from carousel.experiments.training.description import Contender, StopRule, Training
from carousel.experiments.training.loop import train
from carousel.experiments.training.trial import build_contender
cell, length, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(1)
torch.set_flush_denormal(True)
about = task("delayed-recall", length)
shape = Contender(spec=cell, cell=cell, init="default", layers=1, hidden=HIDDEN, parameters=1)
def run(steps, seed):
    training = Training(steps=steps, stop=StopRule(at_chance_from=steps + 1, solved_checks=steps))
    network = build_contender(shape, about, seed)
    train(network, about, training, 0.001, torch.Generator().manual_seed(seed), {})
run(10, 0)
began = time.perf_counter()
for seed in range(4):
    run(steps, seed)
print((time.perf_counter() - began) / (4 * steps))
""".replace("HIDDEN", str(HIDDEN))


def seconds_a_step(cell: str, length: int, steps: int, together: int) -> float:
    """Of one network, in a group of so many."""
    import torch

    from carousel.experiments.tasks import task
    from carousel.experiments.training.description import Contender, StopRule, Training
    from carousel.experiments.training.loop import Learner, train
    from carousel.experiments.training.trial import build_contender

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    about = task("delayed-recall", length)
    shape = Contender(spec=cell, cell=cell, init="default", layers=1, hidden=HIDDEN, parameters=1)

    def run(steps: int, seeds: range) -> None:
        training = Training(steps=steps, stop=StopRule(solved_checks=steps))
        group = [Learner(build_contender(shape, about, seed), about, seed, 0.001) for seed in seeds]
        for _ in train(group, training):
            pass

    groups = [range(k, k + together) for k in range(0, max(4, together), together)]
    run(10, groups[0])
    began = time.perf_counter()
    for seeds in groups:
        run(steps, seeds)
    return (time.perf_counter() - began) / (len(groups) * together * steps)


def shares_of_peak() -> dict[int, tuple[float, float]]:
    """By size of the population: the floating-point operations a second of an LSTM's pass forwards and backwards
    (T=100, B=32, I=16, H=32; products alone are counted), over those of a matrix product of 512 x 512; and its time.
    The product is the faster one of torch's and numpy's: on an AMD processor torch's library is not the fastest."""
    import numpy as np
    import torch

    import carousel

    torch.set_num_threads(1)
    a, b, out = torch.randn(512, 512), torch.randn(512, 512), torch.empty(512, 512)
    by_numpy = [t.numpy() for t in (a, b, out)]
    fastest = min(_quickest(lambda: torch.mm(a, b, out=out)),
                  _quickest(lambda: np.matmul(by_numpy[0], by_numpy[1], out=by_numpy[2])))  # fmt: skip
    peak = 2 * 512**3 / fastest
    found = {}
    steps, batch, inputs = 100, 32, 16
    operations = 2 * steps * batch * 4 * HIDDEN * (3 * HIDDEN + 2 * inputs)  # x itself needs no gradient
    for networks in (1, NETWORKS):
        population = carousel.Population([carousel.LSTM(inputs, HIDDEN) for _ in range(networks)])
        x, given = torch.randn(steps, batch, inputs), torch.randn(networks, steps, batch, HIDDEN)

        def pass_both_ways(population=population, x=x, given=given) -> None:
            population(x)[0].backward(given)

        seconds = _quickest(pass_both_ways)
        found[networks] = operations * networks / seconds / peak, seconds / networks
    return found


def _quickest(run, times: int = 50) -> float:
    run()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return statistics.median(sorted(taken)[: times // 2])


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--before", type=Path)
    asked = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before numpy and torch are loaded
    ways = {"alone": 1, "together": NETWORKS}
    print("| cell | T | " + ("before, us | " if asked.before else "") + "alone, us | together, us | alone / together |"
          + (" before / together |" if asked.before else ""))  # fmt: skip
    ratios: dict[str, list[float]] = {"alone": [], "before": []}
    for cell, length in SHAPES:
        taken: dict[str, list[float]] = {"before": [], "alone": [], "together": []}
        for _ in range(asked.rounds):
            if asked.before:
                taken["before"].append(_child(["-c", _BEFORE, cell, str(length), str(asked.steps)], asked.before))
            for way, together in ways.items():
                about = ["--child", cell, str(length), str(asked.steps), str(together)]
                taken[way].append(_child([__file__, *about], Path(__file__).parents[1] / "src"))
        medians = {way: statistics.median(each) for way, each in taken.items() if each}
        ratio = {way: medians[way] / medians["together"] for way in ratios if way in medians}
        for way, value in ratio.items():
            ratios[way].append(value)
        before = f"{1e6 * medians['before']:.0f} | " if asked.before else ""
        last = f" {ratio['before']:.2f} |" if asked.before else ""
        print(f"| {cell} | {length} | {before}{1e6 * medians['alone']:.0f} | {1e6 * medians['together']:.0f} | "
              f"{ratio['alone']:.2f} |{last}", flush=True)  # fmt: skip
    for way, values in ratios.items():
        if values:
            print(f"{way} / together: geometric mean {statistics.geometric_mean(values):.2f}, least {min(values):.2f}")
    for networks, (share, seconds) in shares_of_peak().items():
        print(f"LSTM, T=100, H=32, population of {networks}: {share:.2f} of the peak of matrix products, "
              f"{1e6 * seconds:.0f} us a network")  # fmt: skip


def _child(arguments: list[str], source: Path) -> float:
    environment = os.environ | {"PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(seconds_a_step(sys.argv[2], *map(int, sys.argv[3:6])))
    else:
        main()

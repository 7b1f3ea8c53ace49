"""Processor time of a training step a network, by how many train at once: `python benchmarks/group_sizes.py RUN`.

RUN is the folder of a comparison on a file: its networks, their sizes and its split for tuning are taken, and of each
recurrent cell one at each history. Sizes of groups take turns at random, in one thread, so that what else the machine
does meets all alike; the first round is not counted. One line a cell and history: milliseconds by networks in a group.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from carousel.common.names import TRANSFORMER
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.runner.worker import prepare_thread
from carousel.experiments.tasks import Task
from carousel.experiments.training.description import Contender
from carousel.experiments.training.draws import Draws
from carousel.experiments.training.learners import learners_of
from carousel.experiments.training.trial import build_contender

SIZES, ROUNDS, NETWORKS, SEEDS = (4, 8, 12, 16, 24), 12, 48, 3


def main(run: Path) -> None:
    """Print a line for each cell at each history."""
    prepare_thread()
    folder = RunFolder(run)
    plan, sources = folder.load_plan(), Sources(folder)
    (source,) = plan.sources
    cells = {c.cell: c for c in plan.contenders[source.name] if c.cell != TRANSFORMER}
    for length in plan.lengths:
        task = sources.task(source, length)
        for cell, contender in cells.items():
            found = _milliseconds(contender, task, plan.training.batch_size, plan.training.clip_norm)
            print(cell, f"T={task.length}", *(f"{size}: {each:.2f}" for size, each in found.items()), flush=True)


def _milliseconds(contender: Contender, task: Task, batch_size: int, clip: float) -> dict[int, float]:
    groups = {}
    for size in SIZES:
        networks = [build_contender(contender, task, seed) for seed in range(size)]
        draws = Draws([task] * size, [seed % SEEDS for seed in range(size)], batch_size)
        groups[size] = learners_of(networks, [0.01] * size, clip), draws
    spent = dict.fromkeys(SIZES, 0.0)
    for turn in range(ROUNDS):
        for size in random.sample(SIZES, len(SIZES)):
            learners, draws = groups[size]
            began = time.process_time()
            for _ in range(NETWORKS // size):
                drawn, batch = draws.next()
                learners.step(task.losses(learners.outputs(drawn), batch))
            spent[size] += time.process_time() - began if turn else 0.0
    return {size: 1000 * seconds / (ROUNDS - 1) / (NETWORKS // size * size) for size, seconds in spent.items()}


if __name__ == "__main__":
    main(Path(sys.argv[1]))

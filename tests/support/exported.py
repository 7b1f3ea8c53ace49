"""model.py of an export, run in this process: a process of its own costs seconds, and one test of it is enough."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import torch

from carousel.experiments.results.rebuild import load_taken
from carousel.experiments.takeaway.export.parity import MOST, compared, examples
from carousel.experiments.takeaway.export.portable import portable, raw_sequences
from carousel.experiments.takeaway.export.portable import test_rows as rows_of_test
from carousel.experiments.takeaway.predict import prepared_of


def torch_is_off(best: Path, folder: Path) -> float:
    """The largest difference of its answers from those of the network in best/, on sequences of its file."""
    taken = load_taken(best)
    trained = prepared_of(taken, best)
    described, rows = portable(taken.network, trained), rows_of_test(trained, MOST)
    known = examples(taken.network, described, trained, raw_sequences(trained, rows), rows)
    model, answers = runpy.run_path(str(folder / "model.py"))["load"](folder), []
    for place, one in enumerate(known.raw):
        own = [] if known.own is None else torch.tensor(known.own[place], dtype=torch.float32)[:, None]
        with torch.no_grad():
            answers.append(model(torch.tensor(one, dtype=torch.float32)[None], *own)[0].flatten().numpy())
    return compared("model.py", described, known, np.stack(answers)).largest

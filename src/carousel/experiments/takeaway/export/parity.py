"""Whether what was exported answers as the network does: both are run on the same sequences, and compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from carousel.experiments.contenders.base import Network
from carousel.experiments.data import Prepared
from carousel.experiments.data.arrays import Floats
from carousel.experiments.data.prepare.baseline import r2
from carousel.experiments.takeaway.export.portable import Portable, own_of

MOST = 64  # sequences that are run


@dataclass(frozen=True)
class Parity:
    """name: of what was run. largest: difference of an answer from the network's, relative to the answer or, where that
    is smaller, to its unit. score: accuracy or R² of the exported, score_torch: of the network, on these sequences,
    which it was trained on. about: more that was measured."""

    name: str
    sequences: int
    largest: float
    score: float
    score_torch: float
    about: dict[str, float | str]

    def line(self) -> str:
        """For the report, which stands beside the files."""
        told = {key: value if isinstance(value, str) else f"{value:.4g}" for key, value in self.about.items()}
        more = "".join(f"; {key} {value}" for key, value in told.items())
        scores = f"score {self.score:.4f}, of torch {self.score_torch:.4f}"
        return f"| {self.name} | {self.sequences} | {self.largest:.2e} | {scores}{more} |"


@dataclass(frozen=True)
class Examples:
    """What parity is measured on. raw: sequences [T, c] in the file's units. scaled: the same as the network sees them,
    [T, I]. truth, answers: [N, M], targets and what the network says (probabilities, or values in the file's units).
    own: [N, 2, c] level and unit of the series of each, where they differ."""

    raw: list[Floats]
    scaled: list[Floats]
    truth: Floats
    answers: Floats
    own: Floats | None = None


def examples(network: Network, described: Portable, trained: Prepared, raw: list[Floats], rows: np.ndarray) -> Examples:
    """Of the examples `rows` of the file."""
    scaled = [trained.x[trained.starts[r] : trained.starts[r] + trained.lengths[r]].astype(np.float64) for r in rows]
    inputs = [torch.tensor(one, dtype=torch.float32)[:, None] for one in scaled]
    with torch.no_grad():
        output = np.concatenate([network(x).double().numpy() for x in inputs])
    own = own_of(trained, rows)
    truth = trained.y[rows][:, None] if trained.kind == "classification" else trained.y[rows].astype(np.float64)
    if described.question != "classification":
        truth = finished(described, truth, raw, own)
    return Examples(raw, scaled, truth, finished(described, output, raw, own), own)


def finished(described: Portable, output: Floats, raw: list[Floats], own: Floats | None = None) -> Floats:
    """[N, O]: what the readout gives, as an answer. own: as of `Examples`."""
    if described.question == "classification":
        exps = np.exp(output - output.max(axis=1, keepdims=True))
        shares: Floats = exps / exps.sum(axis=1, keepdims=True)
        return shares
    if described.question == "regression":
        return output * described.unit + described.offset
    last = np.stack([one[-1, described.targets] for one in raw])
    unit = described.unit if own is None else own[:, None, 1, described.targets] * described.unit
    steps = output.reshape(len(output), -1, len(described.unit)) * unit + last[:, None]
    return steps.reshape(len(output), -1)


def compared(
    name: str, described: Portable, known: Examples, answers: Floats, about: dict[str, float | str] | None = None
) -> Parity:
    """answers: [N, M], what was run has said of them."""
    unit = np.resize(described.unit, known.answers.shape[1]) if len(described.unit) else np.ones(known.answers.shape[1])
    if known.own is not None:
        unit = np.resize(known.own[:, 1, described.targets] * described.unit, known.answers.shape)
    answers = answers.astype(np.float64)
    if answers.shape != known.answers.shape:
        raise AssertionError(f"{name} gave {answers.shape}, the network {known.answers.shape}")
    off = np.abs(answers - known.answers) / np.maximum(unit, np.abs(known.answers))
    score, of_torch = (_score(described, known.truth, given) for given in (answers, known.answers))
    return Parity(name, len(answers), float(off.max()), score, of_torch, about or {})


def _score(described: Portable, truth: Floats, answers: Floats) -> float:
    if described.question == "classification":
        return float((answers.argmax(axis=1) == truth[:, 0]).mean())
    return r2(truth, answers)

"""`carousel export`: the network of a run as files of another runtime, tried before they are written."""

from __future__ import annotations

import importlib.util
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from carousel.common.errors import BadPlan, UnknownName
from carousel.common.files import write_atomically, writing_to
from carousel.experiments.results.rebuild import load_taken
from carousel.experiments.takeaway.export.c_header import c_header
from carousel.experiments.takeaway.export.parity import MOST, Examples, Parity, compared, examples, finished
from carousel.experiments.takeaway.export.portable import Number, Portable, portable, raw_sequences, test_rows
from carousel.experiments.takeaway.export.runs import by_torch, compiled, in_onnx_runtime, simulated
from carousel.experiments.takeaway.export.torch_code import torch_code, torch_weights
from carousel.experiments.takeaway.export.verilog import checked_bits, verilog_files
from carousel.experiments.takeaway.predict import prepared_of

TARGETS = ("onnx", "c", "verilog", "torch")
WHOLE_TARGETS = ("onnx", "torch")  # the means of ensembles and the units of series are in their code
NUMBERS: tuple[Number, ...] = ("float32", "int8")
PARITY, SERIES = "PARITY.md", "series.json"


@dataclass(frozen=True)
class Exported:
    """folder: where the files are. files: their names. parity: what came of running them; empty where not asked for."""

    folder: Path
    files: tuple[str, ...]
    parity: tuple[Parity, ...]


def export(
    run: str | Path, to: str, out: str | Path | None = None, *, width: int = 18, fraction: int = 12,
    check: bool = True,
) -> Exported:  # fmt: skip
    """Write the trained network of a run for another runtime.

    to: "onnx" (float32 and int8), "c" (a header of each), "verilog" (fixed point of `width` bits, `fraction` of them
    behind the point) or "torch" (plain torch.nn code). out: the folder; None: export/TO in the run's. check: run what
    was made on sequences of the file and write PARITY.md. Raises UserError for a network that cannot be exported, and
    where a program that runs the files is not there.
    """
    if to not in TARGETS:
        raise UnknownName("target of an export", to, TARGETS)
    taken = load_taken(run)
    trained = prepared_of(taken, run)
    described = portable(taken.network, trained)
    _refuse_elsewhere(described, to)
    files = _files(described, to, _identifier(trained.name), checked_bits(width, fraction))
    parity: tuple[Parity, ...] = ()
    if check:
        rows = test_rows(trained, MOST)
        known = examples(taken.network, described, trained, raw_sequences(trained, rows), rows)
        parity = _tried(files, to, described, known, (width, fraction))
        files[PARITY] = _report(parity).encode()
    folder = Path(run) / "export" / to if out is None else Path(out)
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_atomically(folder / name, content)
    return Exported(folder, tuple(files), parity)


def _refuse_elsewhere(described: Portable, to: str) -> None:
    """BadPlan where the code of a target lacks what this network is made of."""
    if to in WHOLE_TARGETS:
        return
    if described.own is not None:
        raise BadPlan("series in units of their own are exported to onnx and torch alone", got=to,
                      fix="take --to onnx, or compare again with --one-unit")  # fmt: skip
    if described.others:
        raise BadPlan("an ensemble is exported to onnx and torch alone", got=f"{to}, {len(described.members)} networks",
                      fix="take --to onnx, or compare again without --ensemble")  # fmt: skip


def _identifier(name: str) -> str:
    """What a C identifier may be."""
    return "model_" + re.sub(r"[^a-z0-9]+", "_", name.lower().encode("ascii", "replace").decode()).strip("_")[:40]


def _files(described: Portable, to: str, name: str, bits: tuple[int, int]) -> dict[str, bytes]:
    if to in WHOLE_TARGETS:
        made = _onnx(described) if to == "onnx" else _torch(described)
        return made if described.own is None else {**made, SERIES: _series(described)}
    if to == "c":
        return {f"{name}_{number}.h": c_header(described, f"{name}_{number}", number).encode() for number in NUMBERS}
    return {file: text.encode() for file, text in verilog_files(described, *bits).items()}


def _torch(described: Portable) -> dict[str, bytes]:
    return {"model.py": torch_code(described).encode(), "model.safetensors": torch_weights(described)}


def _series(described: Portable) -> bytes:
    """Level and unit of each series that was trained on, a number a column."""
    own = described.own or {}
    about = {name: {"level": level.tolist(), "unit": unit.tolist()} for name, (level, unit) in own.items()}
    return json.dumps({"columns": described.channels, "series": about}, ensure_ascii=False, indent=1).encode()


def _onnx(described: Portable) -> dict[str, bytes]:
    for package in ("onnx", "onnxruntime"):
        if importlib.util.find_spec(package) is None:
            raise BadPlan(f"the package {package} is not installed", fix="pip install 'carousel-rnn[export]'")
    from carousel.experiments.takeaway.export.onnx_graph import onnx_model

    return {f"model_{number}.onnx": onnx_model(described, number).SerializeToString() for number in NUMBERS}


def _tried(
    files: dict[str, bytes], to: str, described: Portable, known: Examples, bits: tuple[int, int]
) -> tuple[Parity, ...]:
    with tempfile.TemporaryDirectory(prefix="carousel-") as made:
        folder = Path(made)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        if to == "onnx":
            return tuple(compared(name, described, known, in_onnx_runtime(content, described, known.raw, known.own))
                         for name, content in files.items() if name != SERIES)  # fmt: skip
        if to == "c":
            return tuple(compared(name, described, known, compiled(folder, Path(name).stem, known.raw),
                                  {"bytes of weights": float(_rom(content))})
                         for name, content in files.items())  # fmt: skip
        if to == "torch":
            return (compared("model.py", described, known, by_torch(folder, known.raw, known.own)),)
        return _simulated(folder, described, known, *bits)


def _rom(header: bytes) -> int:
    found = re.search(rb"ROM (\d+) bytes", header)
    assert found is not None
    return int(found[1])


def _simulated(folder: Path, described: Portable, known: Examples, width: int, fraction: int) -> tuple[Parity, ...]:
    """As asked, and with fewer and more bits behind the point: error against bits."""
    found = []
    for behind in sorted({fraction, max(6, fraction - 4), fraction + 4}):
        bits = width + behind - fraction
        if bits > 32:
            continue
        for name, text in verilog_files(described, bits, behind).items():
            (folder / name).write_text(text)
        output, clocks = simulated(folder, described, known.scaled, bits, behind)
        answers = finished(described, np.asarray(output), known.raw)
        about: dict[str, float | str] = {"clocks a step": float(clocks)}
        found.append(compared(f"{bits} bits, {behind} behind the point", described, known, answers, about))
    return tuple(found)


def _report(parity: tuple[Parity, ...]) -> str:
    head = ("# Parity\n\nWhat was exported, run on sequences of the training file and compared with the network in "
            "torch. A difference is\nrelative to the answer or, where that is smaller, to its unit.\n\n"
            "| what ran | sequences | largest difference | more |\n| --- | --- | --- | --- |\n")  # fmt: skip
    return head + "\n".join(one.line() for one in parity) + "\n"

"""best/ of a network that nobody trained, on a table of each kind: for what reads, exports or serves one."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from safetensors.torch import save

from carousel.experiments.contenders.matching import count_parameters, nearest_size
from carousel.experiments.contenders.spec import parse_contenders
from carousel.experiments.data import DataOptions, DataTask
from carousel.experiments.data.prepare.preparation import assemble, read_file
from carousel.experiments.training.description import Contender
from carousel.experiments.training.held_out_errors import bands, held_out
from carousel.experiments.training.trial import build_ensemble
from tests.support.taken import OPTIONS, table


def taken_folder(folder: Path, kind: str, contender: str = "lstm", parameters: int = 700, members: int = 1) -> Path:
    """The folder that holds it; errors are those of the network itself."""
    frame = table(kind, 4, 90) if kind == "series" else table(kind)
    frame.write_csv(folder / "table.csv")
    return folder_of(folder / "table.csv", OPTIONS[kind], contender, parameters, members)


def folder_of(
    file: Path, options: DataOptions, contender: str = "lstm", parameters: int = 700, members: int = 1
) -> Path:
    """The same beside a file of any kind. Piano rolls have no errors."""
    task = DataTask(assemble(read_file(file, options), options, whole=True))
    (spec,) = parse_contenders(contender)
    size = nearest_size(spec, task.inputs, task.outputs, parameters, task.length)
    count = count_parameters(spec, task.inputs, size, task.outputs)
    made = Contender(spec=str(spec), cell=spec.cell, init=spec.init, layers=spec.layers, parameters=count,
                     **{name: value for name, value in size._asdict().items() if value is not None})  # fmt: skip
    network = build_ensemble(made, task, 0, members).eval()
    best = file.parent / "best"
    best.mkdir()
    weights = save(network.state_dict())
    (best / "model.safetensors").write_bytes(weights)
    task.prepared.save(best / "data.npz")
    given = {"target": options.target, "group": options.group, "order": options.order, "forecast": options.forecast,
             "window": options.window, "horizon": options.horizon, "every_step": options.every_step}  # fmt: skip
    source = {"kind": "file", "name": file.stem, "file": file.name, "sha256": task.prepared.sha256,
              "options": {name: value for name, value in given.items() if value}}  # fmt: skip
    measured = held_out(network, task)
    record = {"outcome": "finished", "training_score": 0.0, "examples": 60, "members": members,
              "errors": [] if measured is None else bands([measured])}  # fmt: skip
    about = {"schema": 2, "contender": made.model_dump(), "source": source, "length": 0, "seed": 0,
             "weights_sha256": sha256(weights).hexdigest(), "refit": record}  # fmt: skip
    (best / "contender.json").write_text(json.dumps(about))
    return best

"""Rebuild a trained contender from `best/`."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from safetensors.torch import load_file

from carousel.common.errors import FolderConflict
from carousel.experiments.contenders.base import Network
from carousel.experiments.data import DataTask, Prepared
from carousel.experiments.tasks import Task, task
from carousel.experiments.training.description import Contender, Source, TaskSource
from carousel.experiments.training.trial import build_contender

Trained = tuple[Network, Task]
_SOURCE: TypeAdapter[Source] = TypeAdapter(Source)


def load_best(path: str | Path) -> Trained:
    """The trained network that a run advises, in evaluation mode, and the task it was trained on.

    path: the run folder, or the best/ in it (which can be copied elsewhere). Raises FolderConflict where there is no
    such network: a run may advise none.
    """
    path = Path(path)
    path = path / "best" if (path / "best").is_dir() else path
    try:
        about = json.loads((path / "contender.json").read_text(encoding="utf-8"))
        source = _SOURCE.validate_python(about["source"])
        contender = Contender.model_validate(about["contender"])
        weights = load_file(path / "model.safetensors")
    except (OSError, KeyError, ValueError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise FolderConflict(
            f"{str(path)!r} holds no trained contender",
            got=reason,
            fix="give the folder of a run that advises one, or its best/",
        ) from error
    length = about["length"]
    made = (
        task(source.name, length)
        if isinstance(source, TaskSource)
        else DataTask(Prepared.load(path / "data.npz"), length)
    )
    network = build_contender(contender, made, about["seed"])
    network.load_state_dict(weights)
    return network.eval(), made

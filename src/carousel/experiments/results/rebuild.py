"""Rebuild a trained contender from `best/`. What is stored there is checked before anything of its size is made."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from carousel.common.damage import in_words
from carousel.common.errors import FolderConflict, UserError
from carousel.common.files import read_regular
from carousel.common.names import TRANSFORMER
from carousel.experiments.contenders.base import Network
from carousel.experiments.contenders.matching import count_parameters
from carousel.experiments.contenders.sizes import Size
from carousel.experiments.contenders.spec import ContenderSpec, parse_contenders
from carousel.experiments.data import DataTask, Prepared
from carousel.experiments.results.refitted import SCHEMA, Band, RefitRecord
from carousel.experiments.runner.task_loader import built_in
from carousel.experiments.tasks import Task
from carousel.experiments.training.description import MOST_MEMBERS, Contender, Source, TaskSource
from carousel.experiments.training.trial import build_ensemble

Trained = tuple[Network, Task]
_MOST_TEXT, _MOST_WEIGHTS = 2**20, 2**30  # bytes that are read
_LONGEST = 1_000_000  # T
_READ = (1, SCHEMA)


class _Again(RefitRecord):
    """members: networks whose mean answers."""

    members: int = Field(default=1, ge=1, le=MOST_MEMBERS)


class _Described(BaseModel):
    """contender.json, as far as a network is rebuilt from it."""

    model_config = ConfigDict(strict=True)
    schema_number: Literal[1, 2] = Field(default=1, alias="schema")
    source: Source
    contender: Contender
    length: int = Field(ge=0, le=_LONGEST)
    seed: int = Field(ge=0, lt=2**62)
    weights_sha256: str | None = None  # of a version that wrote none
    refit: _Again | None = None

    @property
    def members(self) -> int:
        """1 where nothing was trained on the whole file."""
        return 1 if self.refit is None else self.refit.members


def load_best(path: str | Path) -> Trained:
    """The trained network of a run to take away, in evaluation mode, and the task it was trained on.

    Of a file it was trained on all of it: every part of the task is all of it, and a score there is no held-out score.
    path: the run folder, or the best/ in it (which can be copied elsewhere). Raises FolderConflict where there is no
    such network, or where the files do not describe the weights that they hold.
    """
    taken = load_taken(path)
    return taken.network, taken.task


class Taken(NamedTuple):
    """What best/ holds, rebuilt. errors: bands about its answers, empty where none were measured."""

    network: Network
    task: Task
    contender: Contender
    source: Source
    errors: list[Band]


def load_taken(path: str | Path) -> Taken:
    """The same with what is known of it."""
    path = Path(path)
    path = path / "best" if os.path.isdir(path / "best") else path  # noqa: PTH112  (Path's raises for a long name)
    with _refusing(path):
        given = json.loads(read_regular(path / "contender.json", _MOST_TEXT))
    _refuse_other_version(given, path)
    with _refusing(path):
        about = _Described.model_validate(given)
        weights = _weights(about, read_regular(path / "model.safetensors", _MOST_WEIGHTS))
        made = _task(about, path)
        _check_size(about, made, weights)
        network = build_ensemble(about.contender, made, about.seed, about.members)
        _check_tensors(network.state_dict(), weights)
        network.load_state_dict(weights)
        errors = [] if about.refit is None else about.refit.errors
        _check_bands(errors, made)
    return Taken(network.eval(), made, about.contender, about.source, errors)


def _refuse_other_version(given: object, path: Path) -> None:
    number = given.get("schema", 1) if isinstance(given, dict) else 1
    if type(number) is int and number not in _READ:
        raise FolderConflict(
            f"{str(path)!r} was written by another version of Carousel",
            allowed=f"schema {SCHEMA} in contender.json",
            got=f"it says schema {number}",
            fix="read it with that version, or train again: carousel compare --plan RUN",
        )


def _weights(about: _Described, content: bytes) -> dict[str, Tensor]:
    if about.weights_sha256 not in (None, sha256(content).hexdigest()):
        raise ValueError("model.safetensors is not what contender.json was written with")
    return load(content)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Whatever is wrong with the files, in one line."""
    try:
        yield
    except (OSError, ValueError, UserError, SafetensorError, RuntimeError, KeyError, OverflowError) as error:
        raise FolderConflict(
            f"{str(path)!r} holds no trained contender",
            got=_named(error),
            fix="give the folder of a finished run, or its best/; carousel report RUN writes best/ anew",
        ) from error


def _named(error: Exception) -> str | UserError:
    """What is wrong, and in which file."""
    if isinstance(error, UserError):
        return error
    if isinstance(error, OSError):
        return f"{Path(os.fsdecode(error.filename or '')).name[:80]}: {in_words(error)}"
    if isinstance(error, SafetensorError):
        return "model.safetensors: no safetensors"
    return in_words(error) if type(error) is ValueError else f"contender.json: {in_words(error)}"


def _task(about: _Described, path: Path) -> Task:
    if isinstance(about.source, TaskSource):
        return built_in(about.source, about.length)
    return DataTask(Prepared.load(path / "data.npz"), about.length)


def _check_size(about: _Described, made: Task, weights: Mapping[str, Tensor]) -> None:
    """The name, the sizes, the stored number of parameters and the weights say the same."""
    contender = about.contender
    spec = ContenderSpec(contender.cell, contender.init, contender.layers)
    if parse_contenders(contender.spec) != [spec]:
        raise ValueError(f"contender.json names {contender.spec!r} and describes another")
    size = Size(contender.hidden, contender.mlp, contender.positions)
    if (spec.cell == TRANSFORMER) != (size.mlp is not None):
        raise ValueError(f"contender.json gives no size of a {spec.cell}")
    count = count_parameters(spec, made.inputs, size, made.outputs)
    if count != contender.parameters:
        raise ValueError(f"contender.json says {contender.parameters:,} parameters, its sizes make {count:,}")
    held = sum(tensor.numel() for tensor in weights.values())
    if held < count * about.members:
        raise ValueError(f"model.safetensors holds {held:,} numbers of {count * about.members:,} parameters")


def _check_bands(errors: list[Band], made: Task) -> None:
    """A number for each answer; of classes one. Of windows alone it is known how hard they are."""
    kind = made.prepared.kind if isinstance(made, DataTask) else None
    outputs = 1 if kind == "classification" else made.outputs
    averages = [band.average for band in errors if band.average is not None]
    if any(len(numbers) != outputs for numbers in (*(band.half for band in errors), *averages)) or (
        averages and kind != "forecast"
    ):
        raise ValueError("contender.json holds intervals of another network")


def _check_tensors(expected: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> None:
    """The tensors of this network, no other, of its shapes and type, all of them finite."""
    missing, extra = sorted(expected.keys() - weights.keys()), sorted(weights.keys() - expected.keys())
    if missing:
        raise ValueError(f"model.safetensors lacks the tensor {missing[0]!r}")
    if extra:
        raise ValueError(f"model.safetensors holds a tensor {extra[0]!r} that the network does not have")
    for name, tensor in weights.items():
        wanted = expected[name]
        if tensor.shape != wanted.shape or tensor.dtype != wanted.dtype:
            shapes = [f"{str(t.dtype).removeprefix('torch.')} {list(t.shape)}" for t in (tensor, wanted)]
            raise ValueError(f"the tensor {name!r} is {shapes[0]}, the network's is {shapes[1]}")
        if not torch.isfinite(tensor).all():
            raise ValueError(f"the tensor {name!r} holds a weight that is NaN or infinite")

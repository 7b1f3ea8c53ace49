"""`best/`: its description, its weights and its data changed, and the network rebuilt by `load_best`."""

from __future__ import annotations

import io
import json
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.torch import load, save

from carousel import load_best
from tests.fuzz import bases
from tests.fuzz.kinds.arrays import header
from tests.fuzz.mutate import mutated_bytes, mutated_value

_TYPES = (torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int8, torch.bool)


def best(draw: Random, folder: Path) -> None:
    """The network, whose weights are finite, and its task."""
    whole = bases.contents(draw.choice(("task", "file")))
    for name, content in whole.items():
        if name.startswith("best/"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
    paths = sorted((folder / "best").iterdir())
    for path in draw.sample(paths, draw.choice((1, 1, 2))):
        _change(path, draw)
    network, task = load_best(folder)
    assert all(torch.isfinite(tensor).all() for tensor in network.state_dict().values())
    if draw.random() < 0.3:
        drawn = task.sample(torch.Generator().manual_seed(0), 2)
        network(drawn.x, drawn.lengths)


def _change(path: Path, draw: Random) -> None:
    content = path.read_bytes()
    if draw.random() < 0.4:
        path.write_bytes(mutated_bytes(content, draw))
    elif path.suffix == ".json":
        path.write_bytes(json.dumps(mutated_value(json.loads(content), draw)).encode("utf-8", "surrogatepass"))
    elif path.suffix == ".npz":
        path.write_bytes(_data(content, draw))
    else:
        path.write_bytes(_weights(content, draw))


def _weights(content: bytes, draw: Random) -> bytes:
    tensors = load(content)
    name = draw.choice([*tensors])
    tensor = tensors[name].clone()
    if draw.random() < 0.3:
        tensor.view(-1)[draw.randrange(tensor.numel())] = draw.choice((float("nan"), float("inf"), -1e38, 1e-45))
    elif draw.random() < 0.4:
        tensor = tensor.to(draw.choice(_TYPES))
    else:
        tensor = draw.choice(
            (
                tensor.flatten(),
                tensor[:1],
                tensor[None],
                tensor.repeat(2, *[1] * (tensor.dim() - 1)),
                tensor.new_zeros(0),
            )
        )
    tensors[draw.choice((name, name, "other", "cells.0.weight_hh"))] = tensor.contiguous()
    return save(tensors)


def _data(content: bytes, draw: Random) -> bytes:
    with np.load(io.BytesIO(content)) as archive:
        arrays = {name: archive[name] for name in archive.files}
    name = draw.choice([*arrays])
    if name == "description":
        about = json.loads(arrays[name].tobytes())
        changed = json.dumps(mutated_value(about, draw)).encode("utf-8", "surrogatepass")
        arrays[name] = np.frombuffer(changed, np.uint8)
    elif draw.random() < 0.5 and arrays[name].size:
        array = arrays[name].copy()
        array.flat[draw.randrange(array.size)] = draw.choice(
            (0, 1, -1, 2**30, 3) if array.dtype.kind in "iu" else (np.nan, np.inf, 1e38, 0)
        )
        arrays[name] = array
    else:
        arrays[name] = draw.choice(
            (
                arrays[name][:1],
                arrays[name][None],
                arrays[name].astype("<f8"),
                arrays[name].astype("<U5"),
                np.zeros(0),
                arrays[name].ravel(),
            )
        )
    draw.choice((np.savez, np.savez, np.savez_compressed))(held := io.BytesIO(), **arrays)
    found = held.getvalue()
    return found if draw.random() < 0.9 else found.replace(found[30:158], header(draw), 1)

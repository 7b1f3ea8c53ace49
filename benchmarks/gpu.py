"""Recording on a GPU: a stock module inside `record`, by Triton and by replay, against the module alone on cuDNN.

    python benchmarks/gpu.py [FILE.json]

Every case is checked before it is timed: all gradients against the stock module in float64. Forward and backward with
all gradients, everything kept. Medians of interleaved runs, the device synchronised around each.
"""

from __future__ import annotations

import copy
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from carousel.bench.cases import EVERYTHING, OURS, SHAPES, Shape
from carousel.introspect.record import record

LARGE = (Shape(200, 256, 64, 256), Shape(500, 512, 32, 128), Shape(200, 1024, 64, 128), Shape(100, 64, 64, 512))
LOOPED = (SHAPES[0], SHAPES[4])
ROUNDS, WITHIN = 7, 2e-4  # WITHIN: of the largest number of each tensor, float32 over hundreds of steps


def measure(cell: str, shape: Shape) -> dict[str, Any]:
    """Seconds of every way of running one case, and its largest relative error."""
    steps, batch, inputs, hidden, layers = shape
    net = getattr(nn, cell)(inputs, hidden, layers).cuda()
    x = torch.randn(steps, batch, inputs, device="cuda", requires_grad=True)
    g = torch.randn(steps, batch, hidden, device="cuda")
    layers_of: dict[str, nn.Module] = {"cudnn": net, "record": net}
    ways: dict[str, Callable[[], object]] = {"cudnn": lambda: _backward(net, x, g)}
    for kernel in ("triton", "replay"):
        layer = OURS[cell](inputs, hidden, layers, kernel=kernel).cuda()
        layer.load_state_dict(net.state_dict())
        layers_of[kernel] = layer
        ways[kernel] = lambda layer=layer: _kept(layer, x, g)
    ways["record"] = lambda: _recorded(net, x, g)
    if shape in LOOPED:
        loop = OURS[cell](inputs, hidden, layers, kernel="reference").cuda()
        ways["loop"] = lambda: loop(x, keep=EVERYTHING)[0].backward(g)
    errors = {name: _error(net, layer, x, g, ways[name]) for name, layer in layers_of.items()}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            times[name].append(_seconds(way))
    seconds = {name: statistics.median(each) for name, each in times.items()}
    return {"cell": cell, "shape": str(shape), "seconds": seconds, "errors": errors}


def _backward(net: nn.Module, x: Tensor, g: Tensor) -> None:
    net(x)[0].backward(g)


def _recorded(net: nn.Module, x: Tensor, g: Tensor) -> None:
    with record(net) as tape:
        net(x)[0].backward(g)
    assert tape["l0"].grad.h is not None


def _kept(layer: nn.Module, x: Tensor, g: Tensor) -> None:
    output, _, tapes = layer(x, keep=EVERYTHING)
    output.backward(g)
    assert tapes["l0"].gradient("h") is not None  # the replay computes when it is asked


def _error(net: nn.Module, layer: nn.Module, x: Tensor, g: Tensor, way: Callable[[], object]) -> float:
    """Of all gradients, against the stock module in float64: largest difference over each tensor's largest number."""
    x.grad = None
    layer.zero_grad()
    way()
    found = [x.grad, *(p.grad for p in layer.parameters())]
    exact = copy.deepcopy(net).double()
    exact.zero_grad()
    truth = x.detach().double().requires_grad_()
    exact(truth)[0].backward(g.double())
    pairs = zip(found, [truth.grad, *(p.grad for p in exact.parameters())], strict=True)
    return max(((f.double() - e).abs().max() / e.abs().max()).item() for f, e in pairs)


def _seconds(run: Callable[[], object]) -> float:
    torch.cuda.synchronize()
    began = time.perf_counter()
    run()
    torch.cuda.synchronize()
    return time.perf_counter() - began


def main() -> None:
    """Measure everything and print a line a case."""
    if not torch.cuda.is_available():
        sys.exit("benchmarks/gpu.py measures on a GPU, and torch sees none here")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    rows = []
    for shape in (*SHAPES, *LARGE):
        for cell in OURS:
            rows.append(measure(cell, shape))
            seconds, errors = rows[-1]["seconds"], rows[-1]["errors"]
            base = seconds["cudnn"]
            told = "  ".join(f"{name} {each * 1e3:.2f} ms ({base / each:.2f})" for name, each in seconds.items())
            wrong = [name for name, error in errors.items() if not error < WITHIN]
            print(f"{cell} {shape}: {told}  errors {errors} {'WRONG ' + str(wrong) if wrong else ''}", flush=True)
    found = {"device": torch.cuda.get_device_name(), "torch": torch.__version__, "rows": rows}
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""Recording on a GPU: a stock module inside `record`, by Triton and by replay, against the module alone on cuDNN.

Then a population: 64 networks of one shape together, everything kept, against one of them on cuDNN with nothing kept.

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

from carousel import Population
from carousel.bench.cases import EVERYTHING, OURS, SHAPES, Shape
from carousel.introspect.record import record

LARGE = (Shape(200, 256, 64, 256), Shape(500, 512, 32, 128), Shape(200, 1024, 64, 128), Shape(100, 64, 64, 512))
LOOPED = (SHAPES[0], SHAPES[4])
NETWORKS, EACH = 64, Shape(100, 32, 2, 64)
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
    return {"cell": cell, "shape": str(shape), "seconds": _medians(ways), "errors": errors}


def measure_population(cell: str) -> dict[str, Any]:
    """The same of many networks, each with its own batch: one alone and all one after another on cuDNN, all together.
    Errors are those of the first and the last network."""
    steps, batch, inputs, hidden, layers = EACH
    nets = [getattr(nn, cell)(inputs, hidden, layers).cuda() for _ in range(NETWORKS)]
    together = Population(nets).cuda()
    x = torch.randn(NETWORKS, steps, batch, inputs, device="cuda", requires_grad=True)
    g = torch.randn(NETWORKS, steps, batch, hidden, device="cuda")
    xs = [each.detach().requires_grad_() for each in x]
    ways: dict[str, Callable[[], object]] = {
        "cudnn": lambda: _backward(nets[0], xs[0], g[0]),
        "cudnn, one by one": lambda: [_backward(*each) for each in zip(nets, xs, g, strict=True)],
        "triton, together": lambda: _kept_together(together, x, g),
    }
    together.zero_grad()
    ways["triton, together"]()
    assert set(together.kernels.values()) == {"triton"}, together.kernels
    errors = {f"network {n}": _distance(_gradients(together, x, n), _exact(nets[n], x[n], g[n])) for n in (0, -1)}
    return {"cell": cell, "shape": f"{NETWORKS} x {EACH}", "seconds": _medians(ways), "errors": errors}


def _medians(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds of each, of interleaved runs."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            times[name].append(_seconds(way))
    return {name: statistics.median(each) for name, each in times.items()}


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


def _kept_together(together: Population, x: Tensor, g: Tensor) -> None:
    output, _, tapes = together(x, keep=EVERYTHING)
    output.backward(g)
    assert tapes[0]["l0"].gradient("h") is not None


def _gradients(together: Population, x: Tensor, network: int) -> list[Tensor]:
    """Of one network, in the order of its own module's parameters."""
    held = [x, *(together.get_parameter(own) for own in together.names.values())]
    return [each.grad[network] for each in held]


def _error(net: nn.Module, layer: nn.Module, x: Tensor, g: Tensor, way: Callable[[], object]) -> float:
    """Of all gradients, against the stock module in float64: largest difference over each tensor's largest number."""
    x.grad = None
    layer.zero_grad()
    way()
    return _distance([x.grad, *(p.grad for p in layer.parameters())], _exact(net, x, g))


def _exact(net: nn.Module, x: Tensor, g: Tensor) -> list[Tensor]:
    exact = copy.deepcopy(net).double()
    exact.zero_grad()
    truth = x.detach().double().requires_grad_()
    exact(truth)[0].backward(g.double())
    return [truth.grad, *(p.grad for p in exact.parameters())]


def _distance(found: list[Tensor], exact: list[Tensor]) -> float:
    pairs = zip(found, exact, strict=True)
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
            _print(rows[-1])
    for cell in OURS:
        rows.append(measure_population(cell))
        _print(rows[-1])
    found = {"device": torch.cuda.get_device_name(), "torch": torch.__version__, "rows": rows}
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(found, indent=2) + "\n")


def _print(row: dict[str, Any]) -> None:
    seconds, errors = row["seconds"], row["errors"]
    base = seconds["cudnn"]
    told = "  ".join(f"{name} {each * 1e3:.2f} ms ({base / each:.2f})" for name, each in seconds.items())
    wrong = [name for name, error in errors.items() if not error < WITHIN]
    print(f"{row['cell']} {row['shape']}: {told}  errors {errors} {'WRONG ' + str(wrong) if wrong else ''}", flush=True)


if __name__ == "__main__":
    main()

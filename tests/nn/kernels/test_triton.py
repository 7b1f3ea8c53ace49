"""The Triton kernel on a GPU, or without one on the CPU by Triton's interpreter: the contract of the other kernels."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path

import pytest
import torch

from carousel.common.errors import KernelNotice, KernelRefused
from carousel.nn.cells import CELLS
from carousel.nn.kernels import KERNELS, Call, Request, choose
from tests.support.gpu import DEVICE
from tests.support.kernels import OPTIONS, as_exact, close, doubled, inputs, make, make_call, moved, results

pytestmark = pytest.mark.slow  # the interpreter takes half a minute; a GPU kernel changes seldom

TRITON, EVERYTHING = KERNELS["triton"], Request(states=True, gates=True, gradients=True)


OFFERED = [o for o in OPTIONS if "norm" not in o and o != "no final state"]
# The interpreter takes long a step. Every cell meets every option in one program; every option meets two programs (19
# rows) with the LSTM, which has the most blocks, and with each other cell in turn; the next test has every cell there.
OTHERS = [name for name in CELLS if name != "lstm"]
CASES = [(cell, option, shape) for cell in CELLS for option in OFFERED for shape in ((1, 1), (5, 3))]
CASES += [("lstm", option, (4, 19)) for option in OFFERED]
CASES += [(OTHERS[k % len(OTHERS)], option, (4, 19)) for k, option in enumerate(OFFERED)]


@pytest.mark.parametrize(("cell_name", "option", "shape"), CASES)
def test_equals_reference(cell_name, option, shape):
    cell = make(cell_name, torch.float32, option)
    call = moved(make_call(cell, inputs(*shape, torch.float32), option), DEVICE)
    cell = cell.to(DEVICE)
    found, expected = (results(kernel, cell, call, Request()) for kernel in ("triton", "reference"))
    as_exact(found, expected, results("reference", *doubled(cell, call), Request()), shape[0])


@pytest.mark.parametrize("cell_name", CELLS)
def test_more_units_than_a_tile_and_more_rows_than_a_program(cell_name):
    cell = make(cell_name, torch.float32, hidden=137)
    call, cell = moved(make_call(cell, inputs(3, 18, torch.float32), ""), DEVICE), cell.to(DEVICE)
    found, expected = (results(kernel, cell, call, Request()) for kernel in ("triton", "reference"))
    as_exact(found, expected, results("reference", *doubled(cell, call), Request()), 3)


@pytest.mark.parametrize("option", ["plain", "lengths", "reverse resets lengths", "dropout"])
@pytest.mark.parametrize("cell_name", CELLS)
def test_tape_equals_reference(cell_name, option):
    tapes = {}
    for kernel in ("triton", "reference"):
        cell = make(cell_name, torch.float32, option)
        call = moved(make_call(cell, inputs(5, 3, torch.float32), option), DEVICE)
        run = KERNELS[kernel].run(cell.to(DEVICE), call, EVERYTHING)
        (run.output**2).sum().backward()
        tape = run.tape
        tapes[kernel] = {name: tape[name] for name in tape} | {f"d{name}": tape.gradient(name) for name in tape}
    close(tapes["triton"], tapes["reference"], torch.float32, 5)


def test_padding_changes_nothing_not_even_nan():
    cell, x = make("lstm", torch.float32).to(DEVICE), inputs(5, 2, torch.float32).to(DEVICE)
    lengths = torch.tensor([2, 5], device=DEVICE)
    dirty = x.clone()
    dirty[2:, 0] = torch.nan
    runs = [TRITON.run(cell, Call(each, lengths=lengths), Request()) for each in (x, dirty)]
    assert torch.equal(runs[0].output, runs[1].output)
    assert torch.equal(runs[0].state.c, runs[1].state.c)


@pytest.mark.parametrize("cell_name", CELLS)
def test_second_derivatives_come_from_the_reference_and_say_so(cell_name):
    found = {}
    for kernel in ("triton", "reference"):
        cell, x = make(cell_name, torch.float32).to(DEVICE), inputs(4, 2, torch.float32).to(DEVICE).requires_grad_()
        output = KERNELS[kernel].run(cell, Call(x), Request()).output
        if kernel == "triton":
            with pytest.warns(KernelNotice, match="Triton kernel has none of its own"):
                (first,) = torch.autograd.grad((output**2).sum(), x, create_graph=True)
        else:
            (first,) = torch.autograd.grad((output**2).sum(), x, create_graph=True)
        found[kernel] = {"second": torch.autograd.grad((first**2).sum(), x)[0]}
    close(found["triton"], found["reference"], torch.float32, 4)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("request_", [Request(), EVERYTHING], ids=["plain", "recorded"])
def test_memory_is_given_back_with_the_results(request_, backward):
    x = inputs(3, 2, torch.float32).to(DEVICE).requires_grad_()
    run = TRITON.run(make("lstm", torch.float32).to(DEVICE), Call(x), request_)
    if backward:
        (run.output**2).sum().backward()
    left = weakref.ref(run.output), weakref.ref(run.output.grad_fn.next_functions[0][0])  # the kernel's own node
    del run
    gc.collect()
    assert [each() for each in left] == [None, None]


def test_refuses_the_cpu():
    with pytest.raises(KernelRefused, match="runs on a GPU, x is on cpu"):
        choose(make("gru", torch.float32), Call(inputs(3, 2, torch.float32)), Request(), forced="triton")


CODES = {"rnn": (0, 1, 0), "lstm": (2, 4, 4), "gru": (5, 3, 4)}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """The process in which the compiler took each cell: a line each."""
    environment = os.environ | {
        "TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path_factory.mktemp("triton")),
        "TRITON_DEFAULT_FP_FUSION": "1",
    }  # fmt: skip
    script = Path(__file__).parents[2] / "support" / "compile_triton.py"
    codes = [",".join(map(str, code)) for code in CODES.values()]
    return subprocess.run(
        [sys.executable, str(script), *codes], env=environment, capture_output=True, text=True, timeout=900
    )


@pytest.mark.slow
@pytest.mark.parametrize("cell_name", CODES)
def test_compiles_for_a_gpu_that_is_not_there(cell_name, compiled):
    """The interpreter proves the arithmetic, not that Triton's compiler takes the code."""
    assert compiled.returncode == 0, compiled.stderr
    sizes = dict(zip(CODES, compiled.stdout.splitlines(), strict=True))[cell_name]
    assert [int(size) > 1000 for size in sizes.split()] == [True, True]

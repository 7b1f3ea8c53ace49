"""Compile the Triton kernel of cells for an NVIDIA GPU of compute capability 9.0, without one; run as a script.

An argument is a cell's code, its number of blocks and of those that are kept: "2,4,4". A line each is printed.
"""

from __future__ import annotations

import sys

from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile

from carousel.nn.kernels.triton.jit.backward import backward
from carousel.nn.kernels.triton.jit.forward import forward

_TYPES = {"T": "i32", "B": "i32", "lengths": "*i32", "fresh": "*u8"}  # everything else points at float32


def main(code: int, blocks: int, kept: int) -> str:
    """The sizes of the machine code, forward and backward."""
    fixed = {"H": 128, "CODE": code, "BLOCKS": blocks, "KEPT": kept, "REVERSE": True, "ROWS": 16, "UNITS": 128}
    fixed |= {"HAS_DROP": True, "HAS_FRESH": True, "HAS_BIAS": True}
    sizes = []
    for kernel in (forward, backward):
        constants = {name: value for name, value in fixed.items() if name in kernel.arg_names}
        signature = {
            name: "constexpr" if name in constants else _TYPES.get(name, "*fp32") for name in kernel.arg_names
        }  # fmt: skip
        source = ASTSource(fn=kernel, signature=signature, constexprs=constants)
        sizes.append(str(len(compile(source, target=GPUTarget("cuda", 90, 32)).asm["cubin"])))
    return " ".join(sizes)


for cell in sys.argv[1:]:
    print(main(*map(int, cell.split(","))), flush=True)

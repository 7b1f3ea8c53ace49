"""Memory that a tape holds: torch.nn.LSTM (H=128) on T=500, B=64, recorded whole, in part, and not at all.

    python benchmarks/recording_memory.py

Each case runs in a process of its own: its resident memory after the run, the graph freed and the tape still held, less
that of the same process before; and the highest it went. Run nothing beside it.
"""

from __future__ import annotations

import ctypes
import gc
import resource
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

CASES: dict[str, dict[str, Any] | None] = {
    "not recorded": None,
    "everything": {},
    "every=10": {"every": 10},
    "names='*.h'": {"names": "*.h"},
    "names='*.h', every=10": {"names": "*.h", "every": 10},
}
STEPS, BATCH, HIDDEN = 500, 64, 128


def measure(options: dict[str, Any] | None) -> None:
    """Print held and highest memory of one case, MiB."""
    import torch

    import carousel
    from carousel.nn.kernels.numba.workspace import POOL

    torch.set_num_threads(1)
    net, x = torch.nn.LSTM(8, HIDDEN), torch.randn(STEPS, BATCH, 8)
    with carousel.record(net):  # compiled code is loaded before anything is counted
        net(x[:2, :2])[0].sum().backward()
    gc.collect()
    before = _resident()
    with nullcontext() if options is None else carousel.record(net, **options) as held:
        net(x)[0][-1].sum().backward()
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    gc.collect()
    POOL.clear()  # idle memory of the kernels, which the next step would use again
    ctypes.CDLL(None).malloc_trim(0)  # and of the C library
    print(f"{_resident() - before:.1f} {highest - before:.1f}", held and len(held))


def _resident() -> float:
    """MiB."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Every case in a process of its own."""
    one = STEPS * BATCH * HIDDEN * 4 / 2**20
    print(f"one array [T, B, H] is {one:.1f} MiB")
    for name in CASES:
        done = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=True)
        held, highest = map(float, done.stdout.split()[:2])
        print(f"{name:24s} held {held:7.1f} MiB = {held / one:5.1f} arrays; highest {highest:7.1f} MiB")


if __name__ == "__main__":
    measure(CASES[sys.argv[1]]) if len(sys.argv) > 1 else main()

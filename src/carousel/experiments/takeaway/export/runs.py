"""The exported files, run: in ONNX Runtime, compiled by gcc, simulated by iverilog, loaded by plain torch."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from carousel.common.errors import BadPlan
from carousel.experiments.data.arrays import Floats
from carousel.experiments.takeaway.export.portable import Portable
from carousel.experiments.takeaway.export.verilog import inputs_hex

_SECONDS = 300  # that a program may take
_MAIN = """\
#include <stdio.h>
#include "@NAME@.h"
/* standard input: of each sequence its number of steps, then their numbers; standard output: its last answer */
int main(void) {
  @NAME@_state state;
  int steps;
  float x[@UPPER@_CHANNELS], y[@UPPER@_OUTPUTS] = {0.0f};
  while (scanf("%d", &steps) == 1) {
    @NAME@_reset(&state);
    for (int t = 0; t < steps; t++) {
      for (int k = 0; k < @UPPER@_CHANNELS; k++) {
        if (scanf("%f", &x[k]) != 1) return 1;
      }
      @NAME@_step(&state, x, y);
    }
    for (int k = 0; k < @UPPER@_OUTPUTS; k++) printf("%.9g ", (double)y[k]);
    printf("\\n");
  }
  return 0;
}
"""


def tool(name: str, package: str) -> str:
    """Where a program is. Raises BadPlan where it is not."""
    found = shutil.which(name)
    if found is None:
        raise BadPlan(f"what is exported is tried before it is written, and there is no {name} here",
                      fix=f"install it (Debian: apt-get install {package}), or --unchecked")  # fmt: skip
    return found


def in_onnx_runtime(content: bytes, described: Portable, raw: list[Floats], own: Floats | None = None) -> Floats:
    """[N, M]: all sequences in one batch, of unequal lengths. own: [N, 2, c] level and unit of their series."""
    session = session_of(content)
    lengths = np.array([len(one) for one in raw], dtype=np.int32)
    x = np.zeros((int(lengths.max()), len(raw), len(described.mean)), dtype=np.float32)
    for k, one in enumerate(raw):
        x[: len(one), k] = one
    given = {"x": x, "lengths": lengths, **zero_states(described, len(raw))}
    if own is not None:
        given |= {"level": own[:, 0].astype(np.float32), "unit": own[:, 1].astype(np.float32)}
    answers: Floats = session.run(["answer"], given)[0].reshape(len(raw), -1)
    return answers


def session_of(content: bytes) -> Any:
    """An ONNX Runtime session of one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def zero_states(described: Portable, batch: int) -> dict[str, np.ndarray]:
    """h0, and c0 of an LSTM: those of all members, one after the other."""
    shape = len(described.layers) * len(described.members), batch, described.hidden
    return {name: np.zeros(shape, np.float32) for name in (("h0", "c0") if described.has_c else ("h0",))}


def compiled(folder: Path, name: str, raw: list[Floats]) -> Floats:
    """[N, O]: by a program around the header `name`.h in the folder, compiled with all warnings as errors."""
    (folder / "main.c").write_text(_MAIN.replace("@NAME@", name).replace("@UPPER@", name.upper()))
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror"]
    _run([tool("gcc", "gcc"), *flags, "main.c", "-o", "main", "-lm"], folder)
    told = "\n".join(f"{len(one)} " + " ".join(f"{value:.9g}" for value in one.ravel()) for one in raw)
    return _numbers(_run([str(folder / "main")], folder, told))


def simulated(folder: Path, described: Portable, scaled: list[Floats], width: int, fraction: int) -> tuple[Floats, int]:
    """([N, O], clocks a step): what the readout gives after the last step of each sequence."""
    inputs, starts = inputs_hex(scaled, width, fraction)
    (folder / "inputs.hex").write_text(inputs)
    (folder / "starts.hex").write_text(starts)
    steps = sum(map(len, scaled))
    build = [tool("iverilog", "iverilog"), "-g2005", f"-Ptestbench.STEPS={steps}", "-o", "run", "testbench.v",
             "carousel_top.v", "carousel_cell.v"]  # fmt: skip
    _run(build, folder)
    found = _numbers(_run([tool("vvp", "iverilog"), "run"], folder))
    ends = np.cumsum([len(one) for one in scaled]) - 1
    return found[ends, 1:] / 2**fraction, int(found[:, 0].max())


def by_torch(folder: Path, raw: list[Floats], own: Floats | None = None) -> Floats:
    """[N, M]: model.py of the folder, in a process that cannot import Carousel. own: as of `in_onnx_runtime`."""
    np.savez(folder / "raw.npz", allow_pickle=False, **{f"s{k:05d}": one for k, one in enumerate(raw)})
    if own is not None:
        np.savez(folder / "own.npz", allow_pickle=False, **{f"s{k:05d}": one for k, one in enumerate(own)})
    units = "" if own is None else ", level=u[:1], unit=u[1:]"
    code = (
        "import sys; sys.modules['carousel'] = None\n"
        "import numpy, torch\nfrom model import load\nmodel = load('.')\n"
        f"own = numpy.load('{'raw' if own is None else 'own'}.npz')\n"
        "with numpy.load('raw.npz') as found, torch.no_grad():\n"
        "    for name in sorted(found):\n"
        "        u = torch.tensor(own[name], dtype=torch.float32)\n"
        f"        y, _ = model(torch.tensor(found[name], dtype=torch.float32)[None]{units})\n"
        "        print(*(f'{v:.9g}' for v in y.flatten().tolist()))\n"
    )
    return _numbers(_run([sys.executable, "-c", code], folder))


def _run(command: list[str], folder: Path, told: str = "") -> str:
    """What it prints. RuntimeError where it fails: what was exported is wrong then, which is our fault."""
    done = subprocess.run(command, cwd=folder, input=told, capture_output=True, text=True, timeout=_SECONDS)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout


def _numbers(printed: str) -> Floats:
    return np.array([[float(word) for word in line.split()] for line in printed.splitlines() if line.strip()])

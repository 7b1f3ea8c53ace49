"""The network as plain torch.nn: a file of code and a file of weights, which need no Carousel."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

import numpy as np
from safetensors.numpy import save

from carousel.experiments.data.arrays import Floats
from carousel.experiments.takeaway.export.portable import Portable

_MODULES = {"rnn": "RNN", "rnn-relu": "RNN", "lstm": "LSTM", "gru": "GRU"}

_SHARED = {"GIVEN": "x", "IN_UNITS": "x", "ABOUT": ""}
_OWN = {
    "GIVEN": "x, level, unit", "IN_UNITS": "(x - level[:, None]) / unit[:, None]",
    "ABOUT": "level, unit: [B, C] of the series of each, as series.json has them. ",
}  # fmt: skip


def torch_code(network: Portable) -> str:
    """model.py."""
    answer = {
        "classification": "return y.softmax(dim=2).mean(dim=0), state",
        "regression": "return y.mean(dim=0) * self.unit + self.offset, state",
        "forecast": "last = x[torch.arange(len(x)), lengths - 1][:, @TARGETS@]\n"
        "        return y.mean(dim=0).unflatten(1, (-1, len(self.unit))) * self.unit + last[:, None], state",
    }[network.question]
    if network.own is not None:
        answer = answer.replace("* self.unit", f"* self.unit * unit[:, None, {network.targets.tolist()}]")
    values = {
        "ANSWER": answer, "TARGETS": network.targets.tolist(), "CHANNELS": len(network.mean),
        "COLUMNS": _quoted(network.channels), "ANSWERS": _quoted(network.answers), "MODULE": _MODULES[network.cell],
        "INPUTS": network.inputs, "HIDDEN": network.hidden, "LAYERS": len(network.layers),
        "EXTRA": ', nonlinearity="relu"' if network.cell == "rnn-relu" else "", "OUTPUTS": network.outputs,
        "UNITS": len(network.unit), "OFFSETS": len(network.offset), "MASKED": list(network.masked),
        "MEMBERS": len(network.members),
        **(_SHARED if network.own is None else _OWN),
    }  # fmt: skip
    code = resources.files(__package__).joinpath("template_torch.py.txt").read_text(encoding="utf-8")
    for key, value in values.items():
        code = code.replace(f"@{key}@", str(value))
    return code


def _quoted(names: tuple[str, ...]) -> str:
    """Names are the user's: nothing of them may end the docstring."""
    return ", ".join(names).replace("\\", "/").replace('"', "'")


def torch_weights(network: Portable) -> bytes:
    """model.safetensors, by torch's names."""
    tensors = {"mean": network.mean, "std": network.std, "unit": network.unit, "offset": network.offset}
    for m, member in enumerate(network.members):
        tensors |= {f"members.{m}.{name}": values for name, values in _weights(member)}
    return save({name: np.ascontiguousarray(values, dtype=np.float32) for name, values in tensors.items()})


def _weights(member: Portable) -> Iterator[tuple[str, Floats]]:
    yield from (("linear.weight", member.weight), ("linear.bias", member.bias))
    for k, layer in enumerate(member.layers):
        named = {"weight_ih": layer.w, "weight_hh": layer.u, "bias_ih": layer.b, "bias_hh": layer.v}
        yield from ((f"recurrent.{name}_l{k}", values) for name, values in named.items())

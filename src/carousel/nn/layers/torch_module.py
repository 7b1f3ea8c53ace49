"""Run a torch.nn.RNN, LSTM or GRU, or a Carousel layer, which is one of them, by Carousel's kernels.

The module's parameters are read, its forward is not called: so the inside of torch's own modules can be recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple, TypedDict, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from carousel.common.errors import BadCall
from carousel.nn.cells import CELLS, Cell, ProjectedLSTM, State
from carousel.nn.kernels import Choice, Request, Tape
from carousel.nn.layers.checks import check_input, check_lengths, check_resets, check_state
from carousel.nn.layers.eager_below import eager_below, outside_graphs
from carousel.nn.layers.packing import dropout_between, packed_like
from carousel.nn.layers.stack import SUFFIXES, Interventions, Requests, joined, run_stack


class LayerRun(NamedTuple):
    """output, state: as torch's module returns them. tapes, choices: by layer and direction ("l0", "l0_reverse")."""

    output: Any
    state: Any
    tapes: dict[str, Tape]
    choices: dict[str, Choice]


class Options(TypedDict, total=False):
    """How a layer is run: `Recurrent.forward` says what each is."""

    lengths: Any
    resets: Tensor | None
    keep: Requests | None
    interventions: Interventions | None


@eager_below
def run_module(
    module: nn.RNNBase,
    input: Tensor | PackedSequence,
    hx: Any = None,
    *,
    lengths: Any = None,
    resets: Tensor | None = None,
    keep: Requests | None = None,
    interventions: Interventions | None = None,
    kernel: str | None = None,
) -> LayerRun:
    """All layers and directions of the module. Raises BadCall for tensors that do not fit, KernelRefused where a forced
    kernel cannot run the call."""
    if keep is not None or interventions:
        outside_graphs("a layer with keep or interventions")
    options: dict[str, Any] = {"keep": keep, "interventions": interventions, "kernel": kernel}
    if isinstance(input, PackedSequence):
        return _run_packed(module, input, hx, lengths, resets, options)
    owner, first = type(module).__name__, module.batch_first
    check_input(owner, input, module.input_size, _weight(module), first)
    single = input.dim() == 2
    x = input.unsqueeze(1) if single else input.transpose(0, 1) if first else input
    if resets is not None:
        resets = check_resets(owner, resets, tuple(input.shape[:-1]), first and not single)
        resets = resets.unsqueeze(1) if single else resets
    if lengths is not None:
        lengths = check_lengths(owner, [lengths] if single and not _has_axes(lengths) else lengths, *x.shape[:2])
    run = _run(module, x, states_as_given(module, hx, x.shape[1], single), lengths, resets, **options)
    if single:
        return run._replace(output=run.output.squeeze(1), state=_in_form(module, [s.squeeze(1) for s in run.state]))
    output = run.output.transpose(0, 1) if first else run.output
    return run._replace(output=output, state=_in_form(module, run.state))


def _run_packed(
    module: nn.RNNBase, packed: PackedSequence, hx: Any, lengths: Any, resets: Any, options: dict[str, Any]
) -> LayerRun:
    """A PackedSequence is laid out as a padded batch with lengths, and packed again in its own order."""
    owner = type(module).__name__
    if lengths is not None or resets is not None:
        what = "lengths" if lengths is not None else "resets"
        raise BadCall(f"{owner}: a PackedSequence takes no {what}", fix="give a padded batch and lengths")
    x, true = pad_packed_sequence(packed)
    check_input(owner, x, module.input_size, _weight(module), False)
    run = _run(module, x, states_as_given(module, hx, x.shape[1], False), true, None, **options, packed=packed)
    return run._replace(output=packed_like(packed, run.output), state=_in_form(module, run.state))


def _run(
    module: nn.RNNBase,
    x: Tensor,
    states: list[State] | None,
    lengths: Tensor | None,
    resets: Tensor | None,
    keep: Requests | None,
    interventions: Interventions | None,
    kernel: str | None,
    packed: PackedSequence | None = None,
) -> LayerRun:
    """On x [T, B, I]; states as lists of fields."""
    training = module.training
    run = run_stack(
        cells_of(module), x, states, lengths, resets, keep or Request(), interventions or {}, kernel=kernel,
        recurrent_dropout=getattr(module, "recurrent_dropout", 0.0) if training else 0.0,
        between=partial(dropout_between, p=module.dropout, training=training, packed=packed),
    )  # fmt: skip
    return LayerRun(run.output, joined(run.finals), run.tapes, run.choices)


def cells_of(module: nn.RNNBase) -> list[list[Cell]]:
    """The module's cells by layer and direction: views of its parameters, which copy nothing."""
    kind = ProjectedLSTM if module.proj_size else cell_of(module)
    norm = getattr(module, "layer_norm", False)
    names = [*kind.shapes(module.input_size, module.hidden_size, bias=module.bias, layer_norm=norm)]
    names += ["weight_hr"] if module.proj_size else []
    return [
        [kind.from_tensors({name: getattr(module, f"{name}_l{layer}{suffix}") for name in names}) for suffix in of]
        for layer, of in enumerate([suffixes(module)] * module.num_layers)
    ]


def cell_of(module: nn.Module) -> type[Cell]:
    """The recurrence that a torch.nn.RNN, LSTM, GRU or *Cell module computes."""
    if isinstance(module, nn.LSTM | nn.LSTMCell):
        return CELLS["lstm"]
    if isinstance(module, nn.GRU | nn.GRUCell):
        return CELLS["gru"]
    return CELLS["rnn" if module.nonlinearity == "tanh" else "rnn-relu"]


def suffixes(module: nn.RNNBase) -> tuple[str, ...]:
    """Of the module's directions."""
    return SUFFIXES if module.bidirectional else SUFFIXES[:1]


def states_as_given(module: nn.RNNBase, hx: Any, batch: int, single: bool) -> list[State] | None:
    """The initial state of each site from h (and c), each [layers * directions, B, H]; checked."""
    if hx is None:
        return None
    kind, owner, weight = cell_of(module), type(module).__name__, _weight(module)
    names = kind.state_names
    given = [hx] if len(names) == 1 else list(hx) if isinstance(hx, tuple | list) else None
    if given is None or len(given) != len(names):
        raise BadCall(
            f"{owner}: the initial state is not complete", allowed=f"({', '.join(names)})", got=type(hx).__name__
        )
    sites = module.num_layers * len(suffixes(module))
    for name, state in zip(names, given, strict=True):
        width = module.proj_size or module.hidden_size if name == "h" else module.hidden_size
        check_state(owner, name, state, (sites, width) if single else (sites, batch, width), weight)
    fields = [s.unsqueeze(1) for s in given] if single else given
    return [kind.state_type(*(field[site] for field in fields)) for site in range(sites)]


def _in_form(module: nn.RNNBase, states: Sequence[Tensor]) -> Any:
    """h, or an LSTM's (h, c)."""
    return tuple(states) if len(states) > 1 else states[0]


def _weight(module: nn.RNNBase) -> Tensor:
    """Any weight: its type and device are those of all."""
    return cast("Tensor", module.weight_ih_l0)  # get_parameter would refuse what functional_call puts in its place


def _has_axes(lengths: Any) -> bool:
    return torch.as_tensor(lengths).dim() > 0

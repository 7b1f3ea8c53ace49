"""What `RNN`, `LSTM` and `GRU` share: torch.nn's arguments, defaults and state_dict, run by the house's kernels.

Beyond torch: `lengths=` (unequal sequences without packing), `resets=` (the state starts anew in mid-sequence),
`recurrent_dropout=` (Gal, Ghahramani 2016), `layer_norm=` (Ba et al. 2016), `keep=` (a tape of gates and states), and
`kernel`, which says what ran.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from carousel.common.errors import BadCall, UnknownName
from carousel.nn.cells import Cell, ProjectedLSTM, State
from carousel.nn.kernels import KERNELS, Call, Request, Tape, choose
from carousel.nn.layers.checks import check_input, check_lengths, check_resets, check_state
from carousel.nn.layers.kernel_report import KernelReport, LastCall
from carousel.nn.layers.options import Edits, Extra
from carousel.nn.layers.packing import dropout_between, packed_like


class Recurrent(nn.RNNBase):
    """What the three layers share. Parameters, their names and their initialisation are torch's own."""

    def __init__(
        self,
        *args: Any,
        recurrent_dropout: float = 0.0,
        layer_norm: bool = False,
        kernel: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(*args, **kwargs)
        owner = type(self).__name__
        if not 0 <= recurrent_dropout < 1:
            raise BadCall(f"{owner}: recurrent_dropout is a probability", allowed="0 <= p < 1", got=recurrent_dropout)
        if kernel is not None and kernel not in KERNELS:
            raise UnknownName("kernel", kernel, KERNELS)
        if layer_norm and self.proj_size:
            raise BadCall(f"{owner}: layer_norm and proj_size do not go together", fix="leave one out")
        self.recurrent_dropout, self.layer_norm, self._forced = recurrent_dropout, layer_norm, kernel
        self._last = LastCall()
        if layer_norm:
            self._add_gains()

    def _add_gains(self) -> None:
        like = self._weight
        for layer, suffix in self._sites():
            width = self.input_size if layer == 0 else self.hidden_size * self._directions
            shapes = self._cell.shapes(width, self.hidden_size, bias=self.bias, layer_norm=True)
            for name, shape in shapes.items():
                if name.startswith("norm"):
                    parameter = nn.Parameter(torch.empty(shape, dtype=like.dtype, device=like.device))
                    self.register_parameter(f"{name}_l{layer}{suffix}", parameter)
        self._reset_gains()

    def reset_parameters(self) -> None:
        """torch's initialisation; gains of layer normalisation 1, its biases 0."""
        super().reset_parameters()
        self._reset_gains()

    def _reset_gains(self) -> None:
        for name, parameter in self.named_parameters():
            if name.startswith("norm"):
                nn.init.constant_(parameter, 0.0 if "bias" in name else 1.0)

    @property
    def kernel(self) -> KernelReport:
        """Which kernel ran at the last call, and why the others did not."""
        return KernelReport(self._last.choices, self._forced, self._last.elsewhere)

    @property
    def tapes(self) -> dict[str, Tape]:
        """What the last call was asked to keep, by layer and direction: "l0", "l0_reverse", ..."""
        return self._last.tapes

    @property
    def _cell(self) -> type[Cell]:
        raise NotImplementedError

    @property
    def _weight(self) -> Tensor:
        """Any weight: its type and place are those of all."""
        return cast("Tensor", self.weight_ih_l0)  # get_parameter would refuse what functional_call puts in its place

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def _suffixes(self) -> tuple[str, ...]:
        """torch's, of a layer's directions."""
        return ("", "_reverse")[: self._directions]

    def _sites(self) -> list[tuple[int, str]]:
        return [(layer, suffix) for layer in range(self.num_layers) for suffix in self._suffixes]

    def forward(
        self,
        input: Tensor | PackedSequence,
        hx: Any = None,
        *,
        lengths: Any = None,
        resets: Tensor | None = None,
        keep: Request | Mapping[str, Request] | None = None,
        edit: Edits | None = None,
    ) -> tuple[Any, Any]:
        """As torch.nn's: (output, final state), [T, B, directions * H] ([B, T, .] with batch_first) and
        [layers * directions, B, H]; an LSTM's states are pairs (h, c).

        lengths: [B] whole numbers in any order; steps behind them change nothing and come out as 0. resets: bool
        [T, B] ([B, T]), True where a new sequence begins: nothing passes the border before that step, in either
        direction. keep: what to record, of every site or by place ("l0", "l0_reverse", ...); `self.tapes` then holds a
        Tape for each. edit: by place, a function (step, name, value [B, H]) -> the value that the step goes on with.
        Raises BadCall for tensors that do not fit, KernelRefused where a forced kernel cannot run the call.
        """
        extra = Extra(keep, edit or {})
        if self.proj_size:
            self._check_projection(lengths, resets)
            if keep is None and not edit:
                return self._by_torch(input, hx)
        if isinstance(input, PackedSequence):
            return self._packed(input, hx, lengths, resets, extra)
        owner = type(self).__name__
        check_input(owner, input, self.input_size, self._weight, self.batch_first)
        single = input.dim() == 2
        x = input.unsqueeze(1) if single else input.transpose(0, 1) if self.batch_first else input
        if resets is not None:
            resets = check_resets(owner, resets, tuple(input.shape[:-1]), self.batch_first and not single)
            resets = resets.unsqueeze(1) if single else resets
        if lengths is not None:
            lengths = check_lengths(owner, [lengths] if single and not _has_axes(lengths) else lengths, *x.shape[:2])
        output, final = self._run(x, self._states(hx, x.shape[1], single), lengths, resets, extra)
        if single:
            return output.squeeze(1), self._as_given([s.squeeze(1) for s in final])
        return (output.transpose(0, 1) if self.batch_first else output), self._as_given(final)

    def _run(
        self, x: Tensor, states: list[Tensor] | None, lengths: Any, resets: Any, extra: Extra
    ) -> tuple[Tensor, list[Tensor]]:
        """All layers and directions on x [T, B, I]."""
        last = self._last = LastCall()
        finals: list[State] = []
        for layer in range(self.num_layers):
            outputs = []
            for suffix in self._suffixes:
                state = None if states is None else tuple(s[len(finals)] for s in states)
                site = f"l{layer}{suffix}"
                call = Call(x, state, lengths, resets, self._mask(x), suffix == "_reverse", extra.edit.get(site))
                output, final = self._one(site, call, extra.request(site), last)
                outputs.append(output)
                finals.append(final)
            x = outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=-1)
            if layer < self.num_layers - 1:
                x = dropout_between(x, self.dropout, self.training, extra.packed)
        return x, [
            torch.stack(field) if len(field) > 1 else field[0].unsqueeze(0) for field in zip(*finals, strict=True)
        ]

    def _one(self, site: str, call: Call, request: Request, last: LastCall) -> tuple[Tensor, State]:
        """One layer in one direction, by the kernel that `choose` takes."""
        kind = ProjectedLSTM if self.proj_size else self._cell
        names = [*self._cell.shapes(self.input_size, self.hidden_size, bias=self.bias, layer_norm=self.layer_norm)]
        names += ["weight_hr"] if self.proj_size else []
        cell = kind.from_tensors({name: getattr(self, f"{name}_{site}") for name in names})
        if call.state is not None:
            call = replace(call, state=cell.state_type(*call.state))
        choice = last.choices[site] = choose(cell, call, request, self._forced)
        run = choice.kernel.run(cell, call, request)
        if run.tape is not None:
            last.tapes[site] = run.tape
        assert run.state is not None
        return run.output, run.state

    def _mask(self, x: Tensor) -> Tensor | None:
        if not (self.training and self.recurrent_dropout):
            return None
        return dropout(x.new_ones(x.shape[1], self.hidden_size), self.recurrent_dropout)

    def _states(self, hx: Any, batch: int, single: bool) -> list[Tensor] | None:
        """h (and c) as given, each [layers * directions, B, H]; checked."""
        if hx is None:
            return None
        names, owner = self._cell.state_names, type(self).__name__
        given = [hx] if len(names) == 1 else list(hx) if isinstance(hx, tuple | list) else None
        if given is None or len(given) != len(names):
            raise BadCall(
                f"{owner}: the initial state is not complete", allowed=f"({', '.join(names)})", got=type(hx).__name__
            )
        sites = self.num_layers * self._directions
        for name, state in zip(names, given, strict=True):
            width = self.proj_size or self.hidden_size if name == "h" else self.hidden_size
            check_state(owner, name, state, (sites, width) if single else (sites, batch, width), self._weight)
        return [s.unsqueeze(1) for s in given] if single else given

    def _as_given(self, states: list[Tensor]) -> Any:
        return tuple(states) if len(self._cell.state_names) > 1 else states[0]

    def _packed(self, packed: PackedSequence, hx: Any, lengths: Any, resets: Any, extra: Extra) -> tuple[Any, Any]:
        """A PackedSequence is laid out as a padded batch with lengths, and packed again in its own order."""
        if lengths is not None or resets is not None:
            what = "lengths" if lengths is not None else "resets"
            raise BadCall(
                f"{type(self).__name__}: a PackedSequence takes no {what}", fix="give a padded batch and lengths"
            )
        x, true = pad_packed_sequence(packed)
        check_input(type(self).__name__, x, self.input_size, self._weight, False)
        states = self._states(hx, x.shape[1], False)
        output, final = self._run(x, states, true, None, replace(extra, packed=packed))
        return packed_like(packed, output), self._as_given(final)

    def _check_projection(self, lengths: Any, resets: Any) -> None:
        """With proj_size the house has the plain loop alone, and none of its options."""
        extras = {"lengths": lengths, "resets": resets, "kernel": self._forced}
        asked = [name for name, value in extras.items() if value is not None]
        asked += ["recurrent_dropout"] if self.recurrent_dropout else []
        if asked:
            raise BadCall(f"{type(self).__name__}: with proj_size torch's own module runs, which has no {asked[0]}",
                          fix="leave one out")  # fmt: skip

    def _by_torch(self, input: Any, hx: Any) -> tuple[Any, Any]:
        """proj_size, nothing kept: torch's own module runs, and `kernel` says so."""
        why = "torch.nn.LSTM itself; no fast kernel of the house: projections (proj_size) are torch's alone"
        self._last = LastCall(elsewhere=why)
        return super().forward(input, hx)


def _has_axes(lengths: Any) -> bool:
    return torch.as_tensor(lengths).dim() > 0

"""What `RNN`, `LSTM` and `GRU` share: torch.nn's arguments, defaults and state_dict, run by Carousel's kernels.

Beyond torch: `lengths=` (unequal sequences without packing), `resets=` (the state starts anew in mid-sequence),
`recurrent_dropout=` (Gal, Ghahramani 2016), `layer_norm=` (Ba et al. 2016), `keep=` (a tape of gates and states),
`interventions=`, and `kernel`, which says what ran.
"""

from __future__ import annotations

from typing import Any, Unpack

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from carousel.common.errors import BadCall, UnknownName
from carousel.nn.kernels import KERNELS
from carousel.nn.layers.kernel_report import KernelReport
from carousel.nn.layers.stack import Interventions, Requests
from carousel.nn.layers.stream import Stream
from carousel.nn.layers.torch_module import LayerRun, Options, cell_of, cells_of, run_module, suffixes


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
        self._report = KernelReport({}, kernel)
        if layer_norm:
            self._add_gains()

    def _add_gains(self) -> None:
        like: Tensor = self.weight_ih_l0  # type: ignore[assignment]
        shapes = cell_of(self).shapes(self.input_size, self.hidden_size, bias=self.bias, layer_norm=True)
        for site in (f"l{layer}{suffix}" for layer in range(self.num_layers) for suffix in suffixes(self)):
            for name, shape in shapes.items():
                if name.startswith("norm"):
                    parameter = nn.Parameter(torch.empty(shape, dtype=like.dtype, device=like.device))
                    self.register_parameter(f"{name}_{site}", parameter)
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
        """Which kernel ran at the last call, and why the others did not: names and reasons, no tensor is held."""
        return self._report

    def forward(
        self,
        input: Tensor | PackedSequence,
        hx: Any = None,
        *,
        lengths: Any = None,
        resets: Tensor | None = None,
        keep: Requests | None = None,
        interventions: Interventions | None = None,
    ) -> tuple[Any, ...]:
        """As torch.nn's: (output, final state), [T, B, directions * H] ([B, T, .] with batch_first) and
        [layers * directions, B, H]; an LSTM's states are pairs (h, c). With `keep` a third value, the tapes.

        lengths: [B] whole numbers in any order; steps behind them change nothing and come out as 0. resets: bool
        [T, B] ([B, T]), True where a new sequence begins: nothing passes the border before that step, in either
        direction. keep: what to record, of every site or by site ("l0", "l0_reverse", ...):
        `output, state, tapes = layer(x, keep=Request(states=True))`, a Tape for each site. interventions: by site, a
        function (step, name, value [B, H]) -> the value that the step goes on with.
        Raises BadCall for tensors that do not fit, KernelRefused where a forced kernel cannot run the call.
        """
        if self.proj_size and keep is None and not interventions:
            self._check_projection(lengths, resets)
            return self._by_torch(input, hx)
        run = self.run(input, hx, lengths=lengths, resets=resets, keep=keep, interventions=interventions)
        return run[:2] if keep is None else run[:3]

    def run(self, input: Tensor | PackedSequence, hx: Any = None, **options: Unpack[Options]) -> LayerRun:
        """`forward` with everything it gives: output, final state, tapes, and the choices of kernels."""
        if self.proj_size:
            self._check_projection(options.get("lengths"), options.get("resets"))
        run = run_module(self, input, hx, **options, kernel=self._forced)
        if not torch.compiler.is_exporting():  # which warns of what a module keeps
            self._report = KernelReport(run.choices, self._forced)
        return run

    def stream(self, batch: int = 1) -> Stream:
        """This layer one step at a time, `batch` streams at once: see `Stream`. Raises BadCall for a layer that looks
        at later steps (bidirectional), KernelRefused where there is no compiled step."""
        if self.bidirectional or self.proj_size:
            raise BadCall(f"{type(self).__name__}: a stream has no later steps and no projections",
                          got="bidirectional" if self.bidirectional else "proj_size")  # fmt: skip
        return Stream([cell for (cell,) in cells_of(self)], batch)

    def _check_projection(self, lengths: Any, resets: Any) -> None:
        """With proj_size Carousel has the plain loop alone, and none of its options."""
        extras = {"lengths": lengths, "resets": resets, "kernel": self._forced}
        asked = [name for name, value in extras.items() if value is not None]
        asked += ["recurrent_dropout"] if self.recurrent_dropout else []
        if asked:
            raise BadCall(f"{type(self).__name__}: with proj_size torch's own module runs, which has no {asked[0]}",
                          fix="leave one out")  # fmt: skip

    def _by_torch(self, input: Any, hx: Any) -> tuple[Any, Any]:
        """proj_size, nothing kept: torch's own module runs, and `kernel` says so."""
        why = "torch.nn.LSTM itself; no fast kernel of Carousel's: projections (proj_size) are torch's alone"
        self._report = KernelReport({}, self._forced, why)
        output, state = super().forward(input, hx)
        return output, state

"""One suite over cells x kernels x dtypes: outputs, final states and every gradient against the reference."""

from __future__ import annotations

import pytest
import torch

from carousel.cells import CELLS, Cell
from carousel.errors import KernelRefused, NotRecorded, UnknownName
from carousel.kernels import KERNELS, Request, choose
from carousel.layers import initialise

SHAPES = [(1, 1), (2, 3), (63, 3)]
PRECISION = {torch.float32: 2e-5, torch.float64: 1e-12}
KERNEL_AND_CELL = [(k, c) for k in KERNELS if k != "reference" for c in CELLS]


def make(cell_name: str, dtype: torch.dtype = torch.float64, seed: int = 0, inputs: int = 3, hidden: int = 5) -> Cell:
    cell = CELLS[cell_name](inputs, hidden, dtype=dtype)
    initialise(cell, "default", torch.Generator().manual_seed(seed), 10)
    return cell


def inputs(steps: int, batch: int, dtype: torch.dtype, width: int = 3) -> torch.Tensor:
    """Non-contiguous, as a user's transposed batch is."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(batch, steps, width, generator=generator, dtype=dtype).transpose(0, 1)


def results(kernel: str, cell: Cell, x: torch.Tensor, lengths: torch.Tensor | None, final: bool) -> dict:
    """Outputs, final state and every gradient of one run, by name."""
    x = x.clone().requires_grad_()
    cell.zero_grad()
    state = cell.initial_state(x.shape[1])
    state = type(state)(*(torch.full_like(s, 0.1).requires_grad_() for s in state))
    run = KERNELS[kernel].run(cell, x, state, lengths, Request(final_state=final))
    weight = torch.linspace(-1, 1, run.output.numel(), dtype=x.dtype).view_as(run.output)
    loss = (run.output * weight).sum()
    if final:
        loss = loss + sum((s * s).sum() for s in run.state)
    loss.backward()
    found = {"output": run.output, "x": x.grad}
    found |= {f"initial {n}": s.grad for n, s in zip(cell.state_names, state, strict=True)}
    found |= {name: p.grad.clone() for name, p in cell.named_parameters()}
    if final:
        found |= {f"final {n}": s for n, s in zip(cell.state_names, run.state, strict=True)}
    return found


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("final", [False, True])
@pytest.mark.parametrize(("kernel", "cell_name"), KERNEL_AND_CELL)
def test_kernel_equals_reference(kernel, cell_name, final, uneven, shape, dtype):
    steps, batch = shape
    cell, x = make(cell_name, dtype), inputs(steps, batch, dtype)
    lengths = torch.tensor([1, steps, (steps + 1) // 2])[:batch] if uneven else None
    request = Request(final_state=final)
    refusal = KERNELS[kernel].supports(cell, x, lengths, request)
    if refusal is not None:
        with pytest.raises(KernelRefused, match=refusal.reason[:20]):
            choose(cell, x, lengths, request, forced=kernel)
        return
    expected, found = results("reference", cell, x, lengths, final), results(kernel, cell, x, lengths, final)
    assert expected.keys() == found.keys()
    for name in expected:
        torch.testing.assert_close(
            found[name],
            expected[name],
            rtol=PRECISION[dtype],
            atol=PRECISION[dtype] * steps,
            msg=lambda m, n=name: f"{n}: {m}",
        )


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("cell_name", CELLS)
def test_padding_changes_nothing_even_nan(kernel, cell_name):
    cell, x = make(cell_name), inputs(7, 3, torch.float64)
    lengths = torch.tensor([7, 1, 4])
    if KERNELS[kernel].supports(cell, x, lengths, Request(final_state=False)) is not None:
        pytest.skip("refused, as the contract test shows")
    poisoned, other = x.clone(), x.clone()
    for b, length in enumerate(lengths):
        poisoned[length:, b] = torch.nan
        other[length:, b] = 1e6
    runs = [results(kernel, cell, each, lengths, final=False) for each in (x, poisoned, other)]
    for run in runs[1:]:
        for name, value in runs[0].items():
            assert torch.equal(run[name], value), name
    assert torch.equal(runs[0]["output"][1:, 1], torch.zeros(6, 5, dtype=torch.float64))


@pytest.mark.parametrize("cell_name", CELLS)
def test_sequence_alone_equals_sequence_in_padded_batch(cell_name):
    cell, x = make(cell_name), inputs(7, 3, torch.float64)
    lengths = torch.tensor([7, 1, 4])
    together = KERNELS["reference"].run(cell, x, None, lengths, Request())
    for b, length in enumerate(lengths):
        alone = KERNELS["reference"].run(cell, x[:length, b : b + 1], None, None, Request())
        torch.testing.assert_close(together.output[:length, b], alone.output[:, 0], rtol=0, atol=1e-15)
        for one, all_ in zip(alone.state, together.state, strict=True):
            torch.testing.assert_close(all_[b], one[0], rtol=0, atol=1e-15)


@pytest.mark.parametrize("cell_name", CELLS)
def test_reference_gradients_against_finite_differences(cell_name):
    cell, x = make(cell_name), inputs(4, 2, torch.float64)
    lengths = torch.tensor([4, 2])
    names = [name for name, _ in cell.named_parameters()]

    def loss(x, *weights):
        moved = dict(zip(names, weights, strict=True))
        return torch.func.functional_call(_Runner(cell, lengths), {f"cell.{n}": w for n, w in moved.items()}, (x,))

    values = [x.clone().requires_grad_(), *(p.detach().clone().requires_grad_() for p in cell.parameters())]
    assert torch.autograd.gradcheck(loss, values, rtol=1e-5, atol=1e-8)


class _Runner(torch.nn.Module):
    def __init__(self, cell, lengths):
        super().__init__()
        self.cell, self.lengths = cell, lengths

    def forward(self, x):
        run = KERNELS["reference"].run(self.cell, x, None, self.lengths, Request())
        return run.output.sin().sum() + sum(s.cos().sum() for s in run.state)


@pytest.mark.parametrize("cell_name", CELLS)
def test_tape_holds_states_gates_and_total_derivatives(cell_name):
    """The recorded derivative of a state is what a finite change of it makes in the loss, through all that follows:
    a change of an LSTM's c_t also changes the h_t of that step."""
    cell, x = make(cell_name), inputs(6, 2, torch.float64)
    run = KERNELS["reference"].run(cell, x, None, None, Request(states=True, gates=True, gradients=True))
    (run.output[-1] ** 2).sum().backward()  # a loss on the last step only: the direct part is 0 before it
    assert set(run.tape) == {*cell.state_names, *cell.gate_names}
    state = type(cell.initial_state(2))(*(run.tape[name][2] for name in cell.state_names))
    for name in cell.state_names:
        changed = {}
        for sign in (1, -1):
            bumped = state._replace(**{name: getattr(state, name) + sign * 1e-6 * torch.eye(2, 5, dtype=torch.float64)})
            if name == "c":
                bumped = bumped._replace(h=run.tape["o"][2] * torch.tanh(bumped.c))
            rest = KERNELS["reference"].run(cell, x[3:], bumped, None, Request())
            changed[sign] = (rest.output[-1] ** 2).sum(dim=1)
        expected = (changed[1] - changed[-1]) / 2e-6
        found = run.tape.gradient(name)[2].diagonal()
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-9)
        assert found.abs().min() > 0


def test_tape_refuses_what_was_not_requested():
    cell, x = make("lstm"), inputs(3, 2, torch.float64)
    tape = KERNELS["reference"].run(cell, x, None, None, Request(states=True)).tape
    with pytest.raises(NotRecorded, match="request it"):
        tape["f"]
    with pytest.raises(NotRecorded, match="gradients=True"):
        tape.gradient("c")
    with_gradients = KERNELS["reference"].run(cell, x, None, None, Request(states=True, gradients=True)).tape
    with pytest.raises(NotRecorded, match="backward"):
        with_gradients.gradient("c")


def test_tape_marks_padding():
    cell, x = make("gru"), inputs(4, 2, torch.float64)
    tape = KERNELS["reference"].run(cell, x, None, torch.tensor([4, 2]), Request(states=True, gates=True)).tape
    for name in tape:
        assert tape[name][2:, 1].isnan().all()
        assert tape[name][:, 0].isfinite().all()


def test_choice_keeps_the_reasons_and_refuses_unknown_names():
    cell, x = make("lstm-1997"), inputs(3, 2, torch.float64)
    choice = choose(cell, x, None, Request())
    assert choice.kernel.name == "reference"
    assert "lstm-1997" in choice.refusals["torch"]
    assert choose(make("lstm"), x, None, Request()).kernel.name == "torch"
    with pytest.raises(UnknownName, match="did you mean 'torch'"):
        choose(cell, x, None, Request(), forced="torhc")

"""One suite over cells x kernels x dtypes x options: outputs, final states, tapes and every gradient against the
reference."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch

from carousel.common.errors import KernelRefused, NotRecorded, UnknownName
from carousel.nn.cells import CELLS
from carousel.nn.kernels import KERNELS, Call, Request, choose
from tests.support.kernels import (
    LENGTHS,
    OPTIONS,
    PRECISION,
    as_exact,
    close,
    doubled,
    inputs,
    make,
    make_call,
    results,
)

SHAPES = [(1, 1), (2, 3), (63, 3), (7, 19)]
# The Triton kernel has a file of its own: it needs its interpreter here.
KERNEL_AND_CELL = [(k, c) for k in KERNELS if k not in ("reference", "triton") for c in CELLS]


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize(("kernel", "cell_name"), KERNEL_AND_CELL)
def test_kernel_equals_reference(kernel, cell_name, option, shape, dtype):
    cell, request = make(cell_name, dtype, option), Request(final_state=option != "no final state")
    call = make_call(cell, inputs(*shape, dtype), option)
    refusal = KERNELS[kernel].supports(cell, call, request)
    if refusal is not None:
        with pytest.raises(KernelRefused, match=refusal.reason[:20]):
            choose(cell, call, request, forced=kernel)
        return
    found, expected = results(kernel, cell, call, request), results("reference", cell, call, request)
    if dtype == torch.float64:
        close(found, expected, dtype, shape[0])
    else:
        as_exact(found, expected, results("reference", *doubled(cell, call), request), shape[0])


@pytest.mark.parametrize("hidden", [1, 15, 16, 17, 33])
@pytest.mark.parametrize("cell_name", CELLS)
def test_numba_at_sizes_around_a_register(cell_name, hidden):
    for width, batch in itertools.product([1, 15, 16, 17], [1, 5, 8, 33]):
        cell = make(cell_name, torch.float64, hidden=hidden, width=width)
        call = make_call(cell, inputs(5, batch, torch.float64, width), "lengths")
        close(results("numba", cell, call, Request()), results("reference", cell, call, Request()), torch.float64, 5)


@pytest.mark.parametrize("kernel", ["numba", "replay"])
@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("cell_name", CELLS)
def test_tape_equals_reference(cell_name, option, dtype, kernel):
    cell = make(cell_name, dtype, option)
    call = make_call(cell, inputs(9, 3, dtype), option)
    request = Request(states=True, gates=True, gradients=True)
    refusal = KERNELS[kernel].supports(cell, call, request)
    if refusal is not None:
        assert kernel == "replay"
        assert any(what in refusal.reason for what in ("equal length", "no operator", "know no"))
        return
    found, expected = ({}, {})
    for each, into in ((kernel, found), ("reference", expected)):
        cell.zero_grad()
        run = KERNELS[each].run(cell, call, request)
        loss = (run.output[2] ** 2).sum() + (run.output[-1] ** 3).sum()
        if "no final state" not in option:
            loss = loss + sum((s[0] * s[1]).sum() for s in run.state)
        loss.backward()
        assert tuple(run.tape) == (*cell.state_names, *cell.gate_names)
        for name in run.tape:
            into |= {name: run.tape[name], f"d{name}": run.tape.gradient(name)}
    close(found, expected, dtype, 9)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("cell_name", CELLS)
@pytest.mark.parametrize("reverse", [False, True])
def test_padding_changes_nothing_even_nan(kernel, cell_name, reverse):
    cell, x = make(cell_name), inputs(7, 3, torch.float64)
    lengths = torch.tensor(LENGTHS[7])
    calls = [Call(each, lengths=lengths, reverse=reverse) for each in (x, *_poisoned(x, lengths))]
    request = Request(final_state=False)
    if KERNELS[kernel].supports(cell, calls[0], request) is not None:
        pytest.skip("refused, as the contract test shows")
    first, *others = [results(kernel, cell, call, request) for call in calls]
    for run in others:
        for name, value in first.items():
            assert torch.equal(run[name], value), name
    assert torch.equal(first["output"][1:, 1], torch.zeros(6, 5, dtype=torch.float64))
    assert torch.equal(first["x"][1:, 1], torch.zeros(6, 3, dtype=torch.float64))


def _poisoned(x, lengths):
    padding = torch.arange(len(x)).unsqueeze(1) >= lengths
    return [x.masked_fill(padding.unsqueeze(-1), value) for value in (torch.nan, torch.inf, 1e6)]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("cell_name", CELLS)
@pytest.mark.parametrize("kernel", ["reference", "numba"])
def test_sequence_alone_equals_sequence_in_padded_batch(kernel, cell_name, reverse):
    cell, x = make(cell_name), inputs(7, 3, torch.float64)
    lengths = torch.tensor(LENGTHS[7])
    together = KERNELS[kernel].run(cell, Call(x, lengths=lengths, reverse=reverse), Request())
    for b, length in enumerate(lengths):
        alone = KERNELS[kernel].run(cell, Call(x[:length, b : b + 1], reverse=reverse), Request())
        torch.testing.assert_close(together.output[:length, b], alone.output[:, 0], rtol=0, atol=1e-15)
        for one, all_ in zip(alone.state, together.state, strict=True):
            torch.testing.assert_close(all_[b], one[0], rtol=0, atol=1e-15)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("kernel", ["reference", "numba"])
@pytest.mark.parametrize("cell_name", CELLS)
def test_a_reset_cuts_a_sequence_in_two(kernel, cell_name, reverse):
    """Nothing passes the border, forwards or backwards, not even NaN; the two halves are as if run alone."""
    cell, x = make(cell_name), inputs(8, 2, torch.float64)
    resets = torch.zeros(8, 2, dtype=torch.bool)
    resets[5] = True
    whole = KERNELS[kernel].run(cell, Call(x, resets=resets, reverse=reverse), Request()).output
    for part in (slice(0, 5), slice(5, 8)):
        alone = KERNELS[kernel].run(cell, Call(x[part], reverse=reverse), Request()).output
        torch.testing.assert_close(whole[part], alone, rtol=0, atol=1e-15)
    poisoned = x.clone()
    poisoned[5:] = torch.nan if reverse else poisoned[5:]
    poisoned[:5] = poisoned[:5] if reverse else torch.nan
    clean = slice(0, 5) if reverse else slice(5, 8)
    found = KERNELS[kernel].run(cell, Call(poisoned, resets=resets, reverse=reverse), Request()).output[clean]
    assert torch.equal(found, whole[clean])


@pytest.mark.parametrize("option", ["plain", "lengths", "resets", "dropout", "norm", "reverse lengths"])
@pytest.mark.parametrize("kernel", ["reference", "numba"])
@pytest.mark.parametrize("cell_name", CELLS)
def test_gradients_against_finite_differences(kernel, cell_name, option):
    cell = make(cell_name, torch.float64, option)
    call = make_call(cell, inputs(4, 2, torch.float64), option)
    names = [name for name, _ in cell.named_parameters()]

    def loss(x, *values):
        state = type(call.state)(*values[: len(call.state)])
        view = type(cell).from_tensors(dict(zip(names, values[len(call.state) :], strict=True)))
        moved = replace(call, x=x, state=state)
        run = KERNELS[kernel].run(view, moved, Request())
        return run.output.sin().sum() + sum(s.cos().sum() for s in run.state)

    values = [call.x, *call.state, *(p.detach().clone() for p in cell.parameters())]
    assert torch.autograd.gradcheck(loss, [v.detach().clone().requires_grad_() for v in values], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("kernel", ["reference", "numba"])
@pytest.mark.parametrize("cell_name", CELLS)
def test_tape_holds_states_gates_and_total_derivatives(kernel, cell_name):
    """The recorded derivative of a state is what a finite change of it makes in the loss, through all that follows:
    a change of an LSTM's c_t also changes the h_t of that step."""
    cell, x = make(cell_name), inputs(6, 2, torch.float64)
    run = KERNELS[kernel].run(cell, Call(x), Request(states=True, gates=True, gradients=True))
    (run.output[-1] ** 2).sum().backward()  # a loss on the last step only: the direct part is 0 before it
    assert set(run.tape) == {*cell.state_names, *cell.gate_names}
    state = type(cell.initial_state(2))(*(run.tape[name][2] for name in cell.state_names))
    for name in cell.state_names:
        changed = {}
        for sign in (1, -1):
            bumped = state._replace(**{name: getattr(state, name) + sign * 1e-6 * torch.eye(2, 5, dtype=torch.float64)})
            if name == "c":
                bumped = bumped._replace(h=run.tape["o"][2] * torch.tanh(bumped.c))
            rest = KERNELS["reference"].run(cell, Call(x[3:], bumped), Request())
            changed[sign] = (rest.output[-1] ** 2).sum(dim=1)
        expected = (changed[1] - changed[-1]) / 2e-6
        found = run.tape.gradient(name)[2].diagonal()
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-9)
        assert found.abs().min() > 0


@pytest.mark.parametrize("kernel", ["reference", "numba", "replay"])
def test_tape_refuses_what_was_not_requested(kernel):
    cell, call = make("lstm"), Call(inputs(3, 2, torch.float64))
    tape = KERNELS[kernel].run(cell, call, Request(states=True)).tape
    with pytest.raises(NotRecorded, match="ask for it before"):
        tape["f"]
    with pytest.raises(NotRecorded, match="gradients=True"):
        tape.gradient("c")
    with_gradients = KERNELS[kernel].run(cell, call, Request(states=True, gradients=True)).tape
    with pytest.raises(NotRecorded, match="backward"):
        with_gradients.gradient("c")


@pytest.mark.parametrize("kernel", ["reference", "numba"])
def test_tape_marks_padding(kernel):
    cell, call = make("gru"), Call(inputs(4, 2, torch.float64), lengths=torch.tensor([4, 2]))
    tape = KERNELS[kernel].run(cell, call, Request(states=True, gates=True)).tape
    for name in tape:
        assert tape[name][2:, 1].isnan().all()
        assert tape[name][:, 0].isfinite().all()


def test_choice_keeps_the_reasons_and_refuses_unknown_names():
    call = Call(inputs(3, 2, torch.float64))
    assert choose(make("lstm"), call, Request()).kernel.name == "numba"
    with pytest.raises(KernelRefused, match="lstm-1997"):
        choose(make("lstm-1997"), call, Request(), forced="torch")
    with pytest.raises(UnknownName, match="did you mean 'torch'"):
        choose(make("lstm"), call, Request(), forced="torhc")
    half = Call(inputs(3, 2, torch.float64).bfloat16())
    choice = choose(make("lstm", torch.bfloat16), half, Request())
    assert "bfloat16" in choice.refusals["numba"]
    assert str(choice).startswith("torch; not numba: ")

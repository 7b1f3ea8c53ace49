"""The closed-form Jacobians and both products against automatic differentiation of the cell's own equation."""

from __future__ import annotations

import pytest
import torch
from torch.func import jacrev

import carousel
from carousel import flow
from carousel.introspect.flow.closed_form import _FORMS
from carousel.introspect.flow.jacobians import Recurrence
from carousel.introspect.flow.trajectory import trajectory
from carousel.nn.cells import CELLS
from tests.introspect.flow.made import CELL_NAMES, call_of, cell_of, states_before, step_of, taped

OPTIONS = ("plain", "no state", "no bias", "dropout", "lengths", "reverse lengths", "reverse resets lengths dropout")


def expected(cell, call, steps: int) -> torch.Tensor:
    """[T, B, S, S]: NaN at padding, 0 at resets."""
    befores = states_before(cell, call)
    size = sum(s.shape[1] for s in cell.initial_state(1))
    found = torch.full((steps, len(befores), size, size), torch.nan, dtype=torch.float64)
    for b, before in enumerate(befores):
        for t, state in before.items():
            found[t, b] = jacrev(step_of(cell, call, t, b))(torch.cat(state)).detach()
            if call.reset_mask is not None and call.reset_mask[t, b]:
                found[t, b] = 0.0
    return found


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", CELL_NAMES)
def test_jacobians_are_those_of_automatic_differentiation(name, option):
    cell = cell_of(name, option)
    call = call_of(cell, option)
    tape = taped(cell, call)
    found = torch.stack([flow.jacobian(tape, step=t) for t in range(7)])
    torch.testing.assert_close(found, expected(cell, call, 7), rtol=1e-10, atol=1e-10, equal_nan=True)


@pytest.mark.parametrize("option", ["plain", "dropout", "reverse resets lengths dropout"])
@pytest.mark.parametrize("name", CELL_NAMES)
def test_products_need_no_matrix(name, option):
    cell = cell_of(name, option)
    call = call_of(cell, option)
    steps = trajectory(taped(cell, call))
    recurrence = Recurrence(steps)
    truth = expected(cell, call, 7).nan_to_num()
    v, w = torch.randn(2, 3, 4, recurrence.size, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    for step in range(7):
        rows, there = steps.rows(step).clamp(min=0), (step < steps.lengths).view(-1, 1, 1)
        pushed, pulled = recurrence.push(rows, v), recurrence.pull(rows, w)
        torch.testing.assert_close(pushed * there, v @ truth[step].mT, rtol=1e-10, atol=1e-10)
        torch.testing.assert_close(pulled * there, w @ truth[step], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("option", ["no state", "resets lengths", "reverse resets lengths dropout"])
@pytest.mark.parametrize("name", CELL_NAMES)
def test_steps_stand_in_running_order_with_the_states_they_started_from(name, option):
    cell = cell_of(name, option)
    call = call_of(cell, option)
    tape = taped(cell, call)
    steps = trajectory(tape, [2, 0])
    befores = states_before(cell, call)
    for column, b in enumerate([2, 0]):
        before, length = befores[b], int(steps.lengths[column])
        assert steps.order[:length, column].tolist() == list(before)
        for row, (t, state) in enumerate(before.items()):
            for field, truth in zip(cell.state_names, state, strict=True):
                torch.testing.assert_close(steps.previous[field][row, column], truth, rtol=1e-12, atol=1e-12)
                assert torch.equal(steps.values[field][row, column], tape[field][t, b])
        assert not steps.values["h"][length:, column].any() and steps.cut[length:, column].all()


def test_every_cell_has_a_closed_form():
    assert set(_FORMS) >= set(CELLS.values())


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_every_kernel_records_what_the_jacobians_need(name):
    cell = cell_of(name)
    call = call_of(cell, "resets dropout reverse lengths")
    by_reference, by_numba = (taped(cell, call, kernel=kernel) for kernel in ("reference", "numba"))
    for step in (0, 3, 6):
        torch.testing.assert_close(
            flow.jacobian(by_numba, step=step), flow.jacobian(by_reference, step=step), rtol=1e-10, atol=1e-10,
            equal_nan=True,
        )  # fmt: skip


def test_a_layer_of_a_recorded_model_is_found_by_name():
    model = torch.nn.GRU(3, 4, num_layers=2, bidirectional=True, dtype=torch.float64)
    with carousel.record(model) as tape, torch.no_grad():
        model(torch.randn(5, 2, 3, dtype=torch.float64))
    found = carousel.flow.jacobian(tape, "l1_reverse", step=2)
    assert found.shape == (2, 4, 4)
    torch.testing.assert_close(flow.jacobian(tape["l1_reverse"], step=2), found)
    torch.testing.assert_close(flow.jacobian(tape["l1_reverse"].single(), step=2), found)


def test_a_projected_layer_of_torch():
    model = torch.nn.LSTM(3, 5, proj_size=2, dtype=torch.float64)
    x = torch.randn(6, 2, 3, dtype=torch.float64)
    with carousel.record(model) as tape, torch.no_grad():
        model(x)
    (before, _), h = tape["l0"].single().cell.initial_state(1), tape["l0"].h
    assert before.shape == (1, 2)

    def step(s):
        _, (h_n, c_n) = model(x[4:5, :1], (s[:2].view(1, 1, 2), s[2:].view(1, 1, 5)))
        return torch.cat([h_n.flatten(), c_n.flatten()])

    truth = torch.autograd.functional.jacobian(step, torch.cat([h[3, 0], tape["l0"].c[3, 0]]))
    torch.testing.assert_close(flow.jacobian(tape, step=4)[0], truth, rtol=1e-10, atol=1e-10)

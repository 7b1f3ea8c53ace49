"""Losses of many networks at once: torch's own of each, and no network's depends on another, to the last bit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss

from carousel.experiments.tasks import TASKS, task
from carousel.experiments.tasks.base import Batch
from carousel.experiments.tasks.losses import NOT_ASKED, cross_entropies, frame_losses, squared_errors

MANY = 33
SIZES = [(1, 1), (32, 2), (50, 8), (7, 3), (640, 8), (3200, 5)]  # answers a network, numbers an answer


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def _classes(count: int, size: int) -> Tensor:
    found = torch.randint(size, (MANY, count), generator=torch.Generator().manual_seed(1))
    found[:, 1::3] = NOT_ASKED
    return found


def _keys(count: int, size: int) -> Tensor:
    return (drawn(MANY, count, 1, size) > 0.5).to(torch.uint8)


def _valid(count: int) -> Tensor:
    found = torch.rand(MANY, count, 1, generator=torch.Generator().manual_seed(2)) < 0.7
    found[:, 0] = True
    return found


Losses = Callable[[Tensor, list[int]], Tensor]


def kinds(count: int, size: int) -> dict[str, tuple[Tensor, Losses]]:
    """Outputs of many networks, and the losses of some of them by number."""
    classes, values, keys, valid = _classes(count, size), drawn(MANY, count, size), _keys(count, size), _valid(count)
    return {
        "classes": (3 * drawn(MANY, count, size), lambda z, n: cross_entropies(z, classes[n])),
        "values": (values.flip(1), lambda z, n: squared_errors(z, values[n])),
        "frames": (drawn(MANY, count, 1, size).flip(1), lambda z, n: frame_losses(z, keys[n], valid[n])),
    }


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["classes", "values", "frames"])
def test_no_loss_and_no_gradient_depends_on_the_other_networks(kind: str, size: tuple[int, int]) -> None:
    output, losses = kinds(*size)[kind]

    def run(chosen: list[int]) -> tuple[Tensor, Tensor]:
        z = output[chosen].clone().requires_grad_()
        found = losses(z, chosen)
        (grad,) = torch.autograd.grad(found.sum(), z)
        return found.detach(), grad

    together, grads = run(list(range(MANY)))
    for chosen in ([0], [MANY - 1], [5, 3], list(range(0, 14, 2)), list(range(16))):
        found, grad = run(chosen)
        assert torch.equal(found, together[chosen])
        assert torch.equal(grad, grads[chosen])


@pytest.mark.parametrize("size", SIZES[1:4])
def test_each_is_torchs_own(size: tuple[int, int]) -> None:
    count, width = size
    output, values = drawn(MANY, count, width).double(), drawn(MANY, count, width).flip(0).double()
    classes, keys, valid = _classes(*size), _keys(*size), _valid(count)
    rolls = output.unsqueeze(2)
    found = [cross_entropies(output, classes), squared_errors(output, values), frame_losses(rolls, keys, valid)]
    for n in range(MANY):
        expected = [
            cross_entropy(output[n], classes[n], ignore_index=NOT_ASKED),
            mse_loss(output[n], values[n]),
            binary_cross_entropy_with_logits(rolls[n][valid[n]], keys[n][valid[n]].double(), reduction="sum")
            / valid[n].sum(),
        ]
        for one, its in zip(found, expected, strict=True):
            torch.testing.assert_close(one[n], its, rtol=1e-12, atol=1e-14)


def test_nothing_at_padding_reaches_a_frame_loss_not_even_nan() -> None:
    output, keys, valid = drawn(MANY, 9, 1, 4), _keys(9, 4).float(), _valid(9)
    wild, poisoned = (t.masked_fill(~valid.unsqueeze(-1), torch.nan) for t in (output, keys))
    wild.requires_grad_()
    found = frame_losses(wild, poisoned, valid)
    assert torch.equal(found, frame_losses(output, keys, valid))
    (grad,) = torch.autograd.grad(found.sum(), wild)
    assert not grad[~valid].any()
    assert grad.isfinite().all()


@pytest.mark.parametrize("name", TASKS)
def test_a_tasks_loss_is_that_of_a_population_of_one(name: str) -> None:
    made = task(name, max(12, TASKS[name].shortest)).of_seed(0)
    generator = torch.Generator().manual_seed(3)
    batches = [made.sample(generator, 4) for _ in range(3)]
    together = Batch(*(None if parts[0] is None else torch.stack(parts) for parts in zip(*batches, strict=True)))
    steps = (len(batches[0].x),) if made.readout == "every" else ()
    output = drawn(3, *steps, 4, made.outputs)
    losses = made.losses(output, together)
    assert losses.shape == (3,)
    for n, batch in enumerate(batches):
        assert torch.equal(made.loss(output[n], batch), losses[n])

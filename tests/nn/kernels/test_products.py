"""Matrix products of a population: the same bits wherever a network stands, the right numbers, the right gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from carousel.nn.kernels.products import products

# N, I, O: of copy-memory with 34 units (alternated before), one step, a number of rows that no vector divides, many.
SHAPES = ((960, 34, 9), (32, 69, 17), (977, 5, 9), (333, 4, 10), (50, 8, 33), (1, 3, 1))


def both_ways(x: Tensor, weight: Tensor, grad: Tensor, networks: int) -> list[Tensor]:
    """The product and its two derivatives of so many networks alike."""
    x, weight, grad = (t.expand(networks, -1, -1).contiguous() for t in (x, weight, grad))
    x.requires_grad_()
    weight.requires_grad_()
    found = products(x, weight.transpose(1, 2))
    return [found.detach(), *torch.autograd.grad(found, (x, weight), grad)]


def numbers(rows: int, inputs: int, outputs: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor]:
    stream = torch.Generator().manual_seed(0)
    shapes = ((rows, inputs), (outputs, inputs), (rows, outputs))
    x, weight, grad = (torch.randn(*shape, generator=stream, dtype=dtype) for shape in shapes)
    return x, weight, grad


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_network_has_the_same_bits_alone_and_at_every_place(shape: tuple[int, int, int], dtype: torch.dtype) -> None:
    given = numbers(*shape, dtype)
    alone = both_ways(*given, networks=1)
    for networks in (2, 7, 33):
        for found, own in zip(both_ways(*given, networks=networks), alone, strict=True):
            assert torch.equal(found, own.expand(networks, -1, -1))


def test_where_the_numbers_lie_in_memory_changes_no_bit() -> None:
    x, weight, _ = numbers(96, 23, 5)
    own = products(x[None], weight.T[None])
    for start in range(1, 17):
        memory = torch.zeros(start + x.numel())
        memory[start:] = x.flatten()
        assert torch.equal(products(memory[start:].view(1, *x.shape), weight.T[None]), own)


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_the_product(shape: tuple[int, int, int]) -> None:
    x, weight, _ = numbers(*shape, torch.float64)
    found = products(x[None], weight.T[None])
    assert found.is_contiguous()
    assert torch.allclose(found[0], x @ weight.T, rtol=1e-12, atol=1e-12)


def test_first_and_second_derivatives() -> None:
    given = [torch.randn(3, *shape, dtype=torch.float64, requires_grad=True) for shape in ((4, 3), (3, 5))]
    assert torch.autograd.gradcheck(products, given)
    assert torch.autograd.gradgradcheck(products, given)


def test_derivatives_forward_and_over_many_at_once() -> None:
    given = tuple(torch.randn(3, *shape, dtype=torch.float64) for shape in ((4, 3), (3, 5)))
    along = tuple(torch.randn_like(t) for t in given)
    for function in (torch.func.jvp, torch.autograd.functional.jvp):
        found, plain = (function(product, given, along) for product in (products, torch.bmm))
        assert all(torch.allclose(one, other) for one, other in zip(found, plain, strict=True))
    x, weight = given
    one_sided = [
        torch.func.jvp(lambda t, by=product: by(t, weight), (x,), along[:1])[1] for product in (products, torch.bmm)
    ]
    assert torch.allclose(*one_sided)
    assert torch.allclose(*(torch.func.jacrev(product)(x, weight) for product in (products, torch.bmm)))
    scaled = torch.func.vmap(lambda by: products(x * by, weight), out_dims=1)(torch.tensor([1.0, 2.0]))
    assert torch.allclose(scaled[:, 1], 2 * torch.bmm(x, weight))


def test_under_autocast_it_is_that_of_bfloat16_and_the_weights_keep_their_precision() -> None:
    x, weight = torch.randn(3, 8, 6, requires_grad=True), torch.randn(3, 6, 5, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, plain = products(x, weight), torch.bmm(x, weight)
    assert found.dtype == plain.dtype == torch.bfloat16
    for one, other in zip(*(torch.autograd.grad(y.float().sum(), (x, weight)) for y in (found, plain)), strict=True):
        assert one.dtype == torch.float32
        assert torch.allclose(one, other, rtol=0.02, atol=0.02)

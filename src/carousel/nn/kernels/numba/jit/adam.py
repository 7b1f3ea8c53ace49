"""Adam on a population, each network with its own learning rate, its gradient clipped by its own norm.

One pass over a network's parameters for the norm, one for the update, in a fixed order: a network's numbers do not
depend on the others. Kingma, Ba 2015; the clipping of Pascanu, Mikolov, Bengio 2013, with torch's 1e-6 in it.
"""

from __future__ import annotations

import math

from carousel.nn.kernels.numba.jit.compilation import inner, outermost
from carousel.nn.kernels.numba.jit.functions import quotient, square_root
from carousel.nn.kernels.numba.jit.load_store import load_row, store_row
from carousel.nn.kernels.numba.jit.pass_record import reals

_CHAINS = 8  # sums side by side: one chain of additions would wait for each


@inner
def _square_sum(gradient, at, count):
    """Of `count` numbers, in float64."""
    a = b = c = d = e = f = g = h = 0.0
    whole = count - count % _CHAINS
    for j in range(at, at + whole, _CHAINS):
        a += float(gradient[j]) * float(gradient[j])
        b += float(gradient[j + 1]) * float(gradient[j + 1])
        c += float(gradient[j + 2]) * float(gradient[j + 2])
        d += float(gradient[j + 3]) * float(gradient[j + 3])
        e += float(gradient[j + 4]) * float(gradient[j + 4])
        f += float(gradient[j + 5]) * float(gradient[j + 5])
        g += float(gradient[j + 6]) * float(gradient[j + 6])
        h += float(gradient[j + 7]) * float(gradient[j + 7])
    for j in range(at + whole, at + count):
        a += float(gradient[j]) * float(gradient[j])
    return ((a + b) + (c + d)) + ((e + f) + (g + h))


@inner
def _update(weights, gradient, mean, square, at, count, lanes, scale, taken1, beta2, taken2, rate, correction, epsilon):
    """taken1, taken2: one less the betas, rounded once. rate: divided by the first moment's correction already.
    correction: one over the square root of the second's."""
    for done in range(0, count, lanes):
        j, left = at + done, count - done
        g = load_row(gradient, j, left, lanes) * scale
        m, v = load_row(mean, j, left, lanes), load_row(square, j, left, lanes)
        m = m + (g - m) * taken1
        v = v * beta2 + g * g * taken2
        store_row(mean, j, m, left, lanes)
        store_row(square, j, v, left, lanes)
        change = quotient(m * rate, square_root(v) * correction + epsilon)
        store_row(weights, j, load_row(weights, j, left, lanes) - change, left, lanes)


@outermost
def adam(like, lanes, where, counts, wanted, steps, rates, clip, beta1, beta2, epsilon, norms):
    """where: [4, K] addresses of weights, gradients, first and second moments of K parameters, [P, counts[k]] each.
    wanted: [P] bool, which networks to update; steps: [P], counted up where they are; rates: [P]. norms: [P], of the
    gradients before clipping, filled. A network whose norm is not finite is left as it is.
    """
    real = like.dtype.type
    for p in range(len(norms)):
        total = 0.0
        for k in range(len(counts)):
            gradient = reals(like, where[1, k], len(norms) * counts[k])
            total += _square_sum(gradient, p * counts[k], counts[k])
        norms[p] = math.sqrt(total)
        if not (wanted[p] and math.isfinite(norms[p])):
            continue
        steps[p] += 1
        scale = real(min(1.0, clip / (norms[p] + 1e-6)))
        rate = real(rates[p] / (1 - beta1 ** steps[p]))
        correction = real(1 / math.sqrt(1 - beta2 ** steps[p]))
        for k in range(len(counts)):
            size = len(norms) * counts[k]
            _update(
                reals(like, where[0, k], size), reals(like, where[1, k], size), reals(like, where[2, k], size),
                reals(like, where[3, k], size), p * counts[k], counts[k], lanes, scale, real(1 - beta1), real(beta2),
                real(1 - beta2), rate, correction, real(epsilon),
            )  # fmt: skip

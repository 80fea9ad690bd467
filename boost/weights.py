"""Weights of the training points for the next component: star, dagger and topk.

Written as in the paper: h for the density ratios dP_g/dP_d, sorted upwards, beta for the weight
of the next component, N for the number of points, each of probability 1/N under the data.
"""

from typing import NamedTuple

import numpy as np

SMALLEST_RATIO = 1e-290
"""Ratios below this, or this far below the largest, count as 0: their inverse overflows."""


class Reweighting(NamedTuple):
    """Weights of the training points, and the multiplier that made them sum to 1."""

    data_weights: np.ndarray  # [N] float64, >= 0, sums to 1
    lambda_star: float  # lambda* of star, lambda-dagger of dagger, nan for topk


def star_weights(ratios: np.ndarray, beta: float) -> Reweighting:
    """Weights that bring the next mixture closest to the data.

    AdaGAN (arXiv 1701.02386), Theorem 1, for any f-divergence:
    w_i = (lambda* - (1 - beta) h_i)_+ / (N beta), with the one lambda* for which they sum to 1:
    lambda* = (beta N + (1 - beta) sum_{i<=k} h_(i)) / k for the k with
    (1 - beta) h_(k) <= lambda* <= (1 - beta) h_(k+1).
    P_d = (.5, .3, .2), P_g = (.9, .1, 0), beta = .25: lambda* = .65, w by state (0, .48, .52).

    Args:
      ratios: [N] float64, h_i = dP_g/dP_d at point i, finite, >= 0; estimates need not average 1.
      beta: mixture weight of the next component, in (0, 1].

    Returns:
      Weights that are non-increasing in h, and lambda* (above 1 only for estimated ratios).

    Raises:
      ValueError: names the argument, its bound and the value (for ratios: the first bad index).
    """
    _check(ratios, beta)
    number = len(ratios)
    # Adding a constant to all ratios shifts lambda* and changes no weight; without the common part
    # beta N is not lost beside huge ratios.
    lowest = ratios.min()
    scaled = ratios - lowest
    scaled *= 1.0 - beta
    ordered = np.sort(scaled)
    sums = np.cumsum(ordered)
    # The k of the theorem by bisection: beta N + sum_{i<=k} h_(i) - k h_(k+1) never rises with k.
    first, last = 1, number
    while first < last:
        k = (first + last) // 2
        if beta * number + sums[k - 1] <= k * ordered[k]:
            last = k
        else:
            first = k + 1
    lambda_star = (beta * number + sums[first - 1]) / first
    del ordered, sums  # four arrays of millions of points are enough
    weights = np.maximum(lambda_star - scaled, 0.0, out=scaled)
    weights /= weights.sum()
    return Reweighting(weights, float(lambda_star + (1.0 - beta) * lowest))


def dagger_weights(ratios: np.ndarray, beta: float) -> Reweighting:
    """Weights that minimise the divergence from the data to the next component alone.

    AdaGAN (arXiv 1701.02386), Theorem 2: w_i = (1 - lambda (1 - beta) h_i)_+ / (N beta) with
    lambda = (k - beta N) / ((1 - beta) sum_{i<=k} h_(i)), k >= beta N and
    1 / ((1 - beta) h_(k+1)) <= lambda < 1 / ((1 - beta) h_(k)).
    It needs P_d(h = 0) < beta; otherwise the points of h = 0 alone fill the component, equally,
    and lambda is infinite.
    P_d = (.5, .3, .2), P_g = (.9, .1, 0), beta = .25: lambda = 10/3, w by state (0, .2, .8).

    Args and Raises as in `star_weights`.
    """
    _check(ratios, beta)
    number = len(ratios)
    if beta == 1:
        return uniform_weights(number)
    # In units of the largest ratio, so that nothing overflows; what vanishes beside it is 0.
    largest = max(ratios.max(), SMALLEST_RATIO)
    scaled = (1.0 - beta) * (ratios / largest)
    scaled[scaled < SMALLEST_RATIO] = 0.0
    never_produced = scaled == 0
    if np.count_nonzero(never_produced) >= beta * number:
        return Reweighting(_uniform_on(never_produced), float("inf"))
    ordered = np.sort(scaled)
    k = np.arange(1, number + 1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        lambdas = (k - beta * number) / np.cumsum(ordered)
        found = (k[:-1] > beta * number) & (lambdas[:-1] * ordered[1:] >= 1.0)
        chosen = int(np.argmax(found)) if found.any() else number - 1
        weights = np.maximum(1.0 - lambdas[chosen] * scaled, 0.0)
        return Reweighting(weights / weights.sum(), float(lambdas[chosen] / largest))


def topk_weights(ratios: np.ndarray, topk: float) -> Reweighting:
    """Equal weights on the points that the mixture covers worst.

    AdaGAN (arXiv 1701.02386), Section 4.1: uniform on the points with h_i at or below the
    100 topk-th percentile of h.

    Args:
      ratios: as in `star_weights`.
      topk: share of the points to keep, in (0, 1].
    """
    _check(ratios, topk, "topk")
    # "lower" keeps the same points as a percentile between two ratios, but no rounding loses one.
    threshold = np.percentile(ratios, 100.0 * topk, interpolation="lower")
    return Reweighting(_uniform_on(ratios <= threshold), float("nan"))


def reweight(
    ratios: np.ndarray, beta: float, weights_heur: str, topk_constant: float
) -> Reweighting:
    """The weights by the rule's name: theory_star, theory_dagger or topk."""
    if weights_heur == "topk":
        return topk_weights(ratios, topk_constant)
    return {"theory_star": star_weights, "theory_dagger": dagger_weights}[weights_heur](
        ratios, beta
    )


def uniform_weights(number: int) -> Reweighting:
    """The data as they are, for the first component and for bagging: star at h = 1, or beta = 1."""
    return Reweighting(np.full(number, 1.0 / number), 1.0)


def _uniform_on(mask: np.ndarray) -> np.ndarray:
    return mask / np.count_nonzero(mask)


def _check(ratios: np.ndarray, share: float, name: str = "beta") -> None:
    if not 0 < share <= 1:
        raise ValueError(f"{name} must lie in (0, 1], got {share}")
    if ratios.ndim != 1 or not len(ratios):
        raise ValueError(f"ratios must have the shape [N] with N >= 1, got {list(ratios.shape)}")
    bad = np.flatnonzero(~np.isfinite(ratios) | (np.nan_to_num(ratios) < 0))
    if len(bad):
        raise ValueError(f"ratios must be finite and >= 0, got ratios[{bad[0]}] = {ratios[bad[0]]}")

"""Columns of long tails by their own quantiles, so that a GAN meets a normal distribution.

Imports no TensorFlow.
"""

import numpy as np
from scipy import special, stats

LOOKED_AT = 100_000
"""Rows, evenly spread, that quantiles are taken of."""
KNOTS = 129
"""At most so many values with their normal scores make the map; straight lines between them."""
LONG, SKEW = 8.0, 1.5
"""Deviations of most values that the farthest lies away, or skewness, from where on tails are
long; 64,000 normal numbers reach 4.3, clusters less."""


def long_tailed(rows: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """[D] bool, columns that lie far from a normal distribution in their tails.

    Args:
      rows: [n, D] drawn at random.
      low: [D] smallest value of all rows.
      high: [D] largest value.
    """
    left, middle, right = np.percentile(rows, [16, 50, 84], axis=0)
    spread = (right - left) / 2
    far = np.maximum(high - middle, middle - low) > LONG * spread
    with np.errstate(invalid="ignore"):
        skewed = np.abs(stats.skew(rows, axis=0)) > SKEW
    return (spread > 0) & (far | skewed)


def knots(column: np.ndarray) -> np.ndarray:
    """[2, k] increasing values of a column, and the normal scores of their ranks.

    A value that comes often has the score of the middle of its ranks.

    Args:
      column: [n] its values, at least two different ones.
    """
    ordered = np.sort(column)
    levels = np.linspace(0, len(ordered) - 1, KNOTS).astype(int)
    values = np.unique(ordered[levels])
    below = np.searchsorted(ordered, values, "left")
    until = np.searchsorted(ordered, values, "right")
    scores = special.ndtri((below + until) / (2 * len(ordered)))
    return np.stack([values, scores])


SMALLEST = 1e-7
"""Of uniform numbers that become normal scores, which are finite so."""


def bounds(column: np.ndarray, values: np.ndarray) -> np.ndarray:
    """[k - 1] normal scores between the shares of k values in a column.

    Args:
      column: [n] whose values these are.
      values: [k] increasing, each there at least once.
    """
    until = np.searchsorted(np.sort(column), values[:-1], "right")
    return special.ndtri(until / len(column))


def middles(between: np.ndarray) -> np.ndarray:
    """[k] normal scores of the middles of the shares that `bounds` lie between."""
    ends = np.concatenate([[0.0], special.ndtr(between), [1.0]])
    return special.ndtri((ends[1:] + ends[:-1]) / 2)

"""How far samples are from the data column by column, and pair by pair.

Imports neither TensorFlow nor matplotlib.
"""

import math
from typing import List, Optional, Tuple

import numpy as np

PAIRED = 1000
"""Columns at most whose correlations are compared: all pairs of more take too much memory."""


def distances(real: np.ndarray, samples: np.ndarray) -> List[float]:
    """By column, the Kolmogorov-Smirnov distance of its distributions.

    Args:
      real: [n, d].
      samples: [m, d].
    """
    return [ks(*columns) for columns in zip(real.T, samples.T)]


def ks(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference of two samples' distribution functions."""
    at = np.sort(np.concatenate([one, other]))
    shares = [np.searchsorted(np.sort(x), at, "right") / len(x) for x in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())


def worst_pair(
    real: np.ndarray, samples: np.ndarray, source: Optional[np.ndarray] = None
) -> Tuple[int, int, float]:
    """The two columns whose correlation differs most, and by how much.

    Columns that are constant in the real points have none: their pairs are left out. One that is
    constant in the samples alone has lost its correlations: they are 0. Columns of one source are
    no pair: they depend on each other whatever the data, as a number and whether it is missing do.

    Args:
      real: [n, d].
      samples: [m, d].
      source: [d] number of what each comes from; each from one of its own unless given.

    Returns:
      Indices, the lower first, and the absolute difference; or -1, -1, nan if there is
      no pair, or there are too many columns.
    """
    columns = np.flatnonzero(np.ptp(real, axis=0) > 0)
    if len(columns) > PAIRED:
        return -1, -1, math.nan
    source = columns if source is None else source[columns]
    pairs = np.triu(source[:, None] != source, 1)
    if not pairs.any():
        return -1, -1, math.nan
    differences = np.abs(_correlations(real[:, columns]) - _correlations(samples[:, columns]))
    differences = np.where(pairs, differences, -1)
    first, second = np.unravel_index(differences.argmax(), differences.shape)
    return int(columns[first]), int(columns[second]), float(differences[first, second])


def _correlations(points: np.ndarray) -> np.ndarray:
    """[d, d] correlation coefficients, 0 for constant columns."""
    varies = np.ptp(points, axis=0) > 0
    centred = np.where(varies, points - points.mean(axis=0), 0)
    lengths = np.linalg.norm(centred, axis=0)
    unit = centred / np.where(lengths > 0, lengths, 1)
    return unit.T @ unit

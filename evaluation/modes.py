"""Modes, high quality and reverse KL of samples against a known Gaussian mixture.

Imports no TensorFlow.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

RADIUS = 3.0
"""Standard deviations around a mode within which a sample is of high quality."""


class Modes(NamedTuple):
    """What samples tell of the modes."""

    modes: int  # captured modes
    high_quality: float  # share of samples within 3 sigma of the nearest mode
    reverse_kl: float  # KL(samples by nearest mode || true mode weights), nats
    width: float  # of the captured modes' samples of high quality, over the true sigma


def evaluate(
    samples: np.ndarray, means: np.ndarray, sigma: float, mode_weights: np.ndarray
) -> Modes:
    """Counts modes as VEEGAN (arXiv 1705.07761) and PacGAN (arXiv 1712.04086) define them.

    A sample is of high quality when it lies within 3 standard deviations of the nearest mode; a
    mode is captured when it is nearest to at least one sample of high quality. The reverse KL
    counts all samples by nearest mode, against the true weights. The width is the root mean
    square, over modes and coordinates, of the deviation from a mode's own mean: high quality
    alone flatters modes that are too narrow. A perfect sampler's is below 1, as it ends at 3 sigma
    (0.97 in the plane).

    Args:
      samples: [N, d], N >= 1.
      means: [modes, d] of the true mixture.
      sigma: standard deviation of every mode.
      mode_weights: [modes], sum to 1, > 0.
    """
    distances = cdist(samples, means)
    nearest = distances.argmin(axis=1)
    good = distances.min(axis=1) <= RADIUS * sigma
    counts = np.bincount(nearest, minlength=len(means))
    shares = counts[counts > 0] / len(samples)
    reverse_kl = float(np.sum(shares * np.log(shares / mode_weights[counts > 0])))
    width = _width(samples[good], nearest[good], len(means)) / sigma
    return Modes(len(np.unique(nearest[good])), float(good.mean()), reverse_kl, width)


def _width(samples: np.ndarray, nearest: np.ndarray, modes: int) -> float:
    """Standard deviation within a mode, the mean variance over modes of at least two samples."""
    counts = np.bincount(nearest, minlength=modes).astype(float)
    enough = counts >= 2
    variances = np.zeros(modes)
    for coordinate in samples.T:
        sums = np.bincount(nearest, coordinate, modes)
        centred = coordinate - (sums / np.maximum(counts, 1))[nearest]
        variances += np.bincount(nearest, centred**2, modes) / np.maximum(counts - 1, 1)
    if not enough.any():
        return float("nan")
    return float(np.sqrt(variances[enough].mean() / samples.shape[1]))

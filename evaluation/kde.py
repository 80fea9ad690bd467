"""A Gaussian kernel density estimate whose bandwidth is chosen as published.

Imports no TensorFlow.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

BANDWIDTH_FACTORS = 2.0 ** np.arange(-7, 7)
"""The published grid, in units of the median distance of consecutive samples."""


class KernelDensity(NamedTuple):
    """Mean of isotropic Gaussians of standard deviation `bandwidth` at each sample."""

    samples: np.ndarray  # [M, d] float64
    bandwidth: float

    def log_density(self, points: np.ndarray) -> np.ndarray:
        """Log density in nats at [N, d] points, as [N] float64."""
        squares = cdist(points, self.samples, "sqeuclidean")
        return _log_density(squares, self.bandwidth, self.samples.shape[1])


def fit(samples: np.ndarray, validation: np.ndarray) -> KernelDensity:
    """The density estimate of the published metric (AdaGAN's public code, 2017).

    Of the 14 bandwidths 2^-7 ... 2^6 times the median distance of consecutive samples, the one
    with the best mean log density on the validation samples.

    Args:
      samples: [M, d] samples of the model, M >= 2, in random order.
      validation: [V, d] further samples of the model.
    """
    samples = np.asarray(samples, np.float64)
    steps = np.linalg.norm(np.diff(samples, axis=0), axis=1)
    # Points are float32: a model that collapsed to one point is as wide as their resolution.
    resolution = np.finfo(np.float32).eps * max(1.0, float(np.abs(samples).max()))
    bandwidths = max(float(np.median(steps)), resolution) * BANDWIDTH_FACTORS
    squares = cdist(validation, samples, "sqeuclidean")
    dimension = samples.shape[1]
    scores = [_log_density(squares, width, dimension).mean() for width in bandwidths]
    return KernelDensity(samples, float(bandwidths[int(np.argmax(scores))]))


def _log_density(squares: np.ndarray, bandwidth: float, dimension: int) -> np.ndarray:
    constant = np.log(squares.shape[1]) + 0.5 * dimension * np.log(2 * np.pi * bandwidth**2)
    return logsumexp(squares * (-0.5 / bandwidth**2), axis=1) - constant

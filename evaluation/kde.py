"""A Gaussian kernel density estimate whose bandwidth is chosen as published.

Imports no TensorFlow.
"""

from typing import List, NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

BANDWIDTH_FACTORS = 2.0 ** np.arange(-7, 7)
"""The published grid, in units of the median distance of consecutive samples."""


class KernelDensity(NamedTuple):
    """Mean of isotropic Gaussians of standard deviation `bandwidth` at each sample."""

    samples: np.ndarray  # [M, d] float64
    bandwidth: float

    def log_density(self, points: np.ndarray) -> np.ndarray:
        """Log density in nats at [N, d] points, as [N] float64."""
        squares = cdist(points, self.samples, "sqeuclidean")
        nearest = squares.min(axis=1)
        kernels = np.exp((nearest[:, None] - squares) * (0.5 / self.bandwidth**2))
        logs = np.log(kernels.sum(axis=1)) - 0.5 * nearest / self.bandwidth**2
        return logs - self.log_volume()

    def log_volume(self) -> float:
        """Log of what the sum of the kernels exp(-d^2 / 2 bandwidth^2) is divided by."""
        number, dimension = self.samples.shape
        return float(np.log(number) + 0.5 * dimension * np.log(2 * np.pi * self.bandwidth**2))


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
    # Points are float32: a model that collapsed to one point is as wide as their resolution, in
    # whatever units they come.
    resolution = np.finfo(np.float32).eps * (float(np.abs(samples).max()) or 1.0)
    bandwidths = max(float(np.median(steps)), resolution) * BANDWIDTH_FACTORS
    scores = _mean_log_densities(cdist(validation, samples, "sqeuclidean"), bandwidths, samples)
    return KernelDensity(samples, float(bandwidths[int(np.argmax(scores))]))


def _mean_log_densities(
    squares: np.ndarray, bandwidths: np.ndarray, samples: np.ndarray
) -> List[float]:
    """Mean log density for each bandwidth, to 1e-6.

    Each bandwidth is half the next, so each kernel is the fourth power of the next one: two
    squarings instead of an exponential.
    """
    nearest = squares.min(axis=1)
    kernels = np.exp((nearest[:, None] - squares) * (0.5 / bandwidths[-1] ** 2))
    scores = []
    for bandwidth in bandwidths[::-1]:
        logs = np.log(kernels.sum(axis=1)) - 0.5 * nearest / bandwidth**2
        scores.append(float(logs.mean()) - KernelDensity(samples, bandwidth).log_volume())
        np.square(np.square(kernels, out=kernels), out=kernels)
    return scores[::-1]

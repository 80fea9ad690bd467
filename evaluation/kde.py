"""A Gaussian kernel density estimate whose bandwidth is chosen as published.

Imports no TensorFlow.
"""

from typing import List, NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

BANDWIDTH_FACTORS = 2.0 ** np.arange(-7, 7)
"""The published grid, in units of the median distance of consecutive samples."""
EXP_IS_ZERO = -746.0
"""Below this, exp is 0 in float64."""
NUMBERS_AT_A_TIME = 1 << 17
"""Distances that are held at once."""


class KernelDensity(NamedTuple):
    """Mean of isotropic Gaussians of standard deviation `bandwidth` at each sample."""

    samples: np.ndarray  # [M, d] float64
    bandwidth: float

    def log_density(self, points: np.ndarray, negligible: float = EXP_IS_ZERO) -> np.ndarray:
        """Log density in nats at [N, d] points, as [N] float64.

        Kernels of less than exp(negligible) times the largest at a point are left out.
        """
        logs = np.empty(len(points))
        rows = max(1, NUMBERS_AT_A_TIME // len(self.samples))
        for start in range(0, len(points), rows):  # the same numbers as all at once, from the cache
            part = slice(start, start + rows)
            squares = cdist(points[part], self.samples, "sqeuclidean")
            nearest = squares.min(axis=1)
            exponents = (nearest[:, None] - squares) * (0.5 / self.bandwidth**2)
            # Where exp gives 0 it takes several times as long as elsewhere, and most of it does.
            some = ~(exponents < negligible)  # nan is not
            kernels = np.exp(exponents, out=np.zeros_like(exponents), where=some)
            logs[part] = np.log(kernels.sum(axis=1)) - 0.5 * nearest / self.bandwidth**2
        return logs - self.log_volume()

    def log_density_on_grid(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Log density in the plane, [len(y), len(x)], to draw it.

        A kernel is the product of one along x and one along y, so that their sum is a product of
        matrices. What is below the least positive float64, 1e-308 of one kernel, is raised to it.
        """
        along_x, along_y = (
            np.exp(-0.5 * np.square((at[:, None] - self.samples[:, axis]) / self.bandwidth))
            for axis, at in enumerate((x, y))
        )
        return np.log(np.maximum(along_y @ along_x.T, np.finfo(float).tiny)) - self.log_volume()

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
    squares = cdist(validation, samples, "sqeuclidean")
    bandwidths = _that_may_be_best(bandwidths, squares, samples)
    scores = _mean_log_densities(squares, bandwidths, samples)
    return KernelDensity(samples, float(bandwidths[int(np.argmax(scores))]))


def _that_may_be_best(
    bandwidths: np.ndarray, squares: np.ndarray, samples: np.ndarray
) -> np.ndarray:
    """Without those that the nearest samples rule out; neighbours of each other are left.

    The M kernels at a point sum to at least the nearest one's, and to at most M times that.
    """
    nearest = squares.min(axis=1).mean()
    volumes = [KernelDensity(samples, bandwidth).log_volume() for bandwidth in bandwidths]
    least = -0.5 * nearest / bandwidths**2 - np.array(volumes)
    return bandwidths[~(least + np.log(len(samples)) < least.max())]  # nan rules out none


def _mean_log_densities(
    squares: np.ndarray, bandwidths: np.ndarray, samples: np.ndarray
) -> List[float]:
    """Mean log density for each bandwidth, to 1e-6; overwrites the squares of distances.

    Each bandwidth is half the next, so each kernel is the fourth power of the next one: two
    squarings instead of an exponential.
    """
    nearest = squares.min(axis=1)
    kernels = np.subtract(nearest[:, None], squares, out=squares)
    kernels *= 0.5 / bandwidths[-1] ** 2
    np.exp(kernels, out=kernels)
    scores = []
    for bandwidth in bandwidths[::-1]:
        logs = np.log(kernels.sum(axis=1)) - 0.5 * nearest / bandwidth**2
        scores.append(float(logs.mean()) - KernelDensity(samples, bandwidth).log_volume())
        np.square(np.square(kernels, out=kernels), out=kernels)
    return scores[::-1]

"""Gaussian mixtures whose true density is known: the published toy data.

Imports no TensorFlow.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

NUMBERS_AT_A_TIME = 1 << 20


class GaussianMixture(NamedTuple):
    """An isotropic Gaussian mixture with one standard deviation for all modes."""

    means: np.ndarray  # [modes, d] float64
    sigma: float
    mode_weights: np.ndarray  # [modes] float64, sums to 1

    def sample(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """Draws [number, d] float32 points."""
        modes = self.draw_modes(number, rng)
        points = np.empty((number, self.means.shape[1]), np.float32)
        rows = max(1, NUMBERS_AT_A_TIME // points.shape[1])
        for start in range(0, number, rows):  # the same numbers as all at once, in less memory
            part = modes[start : start + rows]
            noise = rng.standard_normal((len(part), points.shape[1]))
            points[start : start + rows] = self.means[part] + self.sigma * noise
        return points

    def draw_modes(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """[number] the modes of points that `sample` draws from a generator in the same state."""
        return rng.choice(len(self.means), size=number, p=self.mode_weights)

    def log_density(self, points: np.ndarray) -> np.ndarray:
        """Log density in nats at [N, d] points, as [N] float64."""
        dimension = self.means.shape[1]
        squares = cdist(points, self.means, "sqeuclidean")
        exponents = -0.5 * squares / self.sigma**2 + np.log(self.mode_weights)
        constant = -0.5 * dimension * np.log(2 * np.pi * self.sigma**2)
        return logsumexp(exponents, axis=1) + constant


def published_variance(modes: int, dimension: int, max_val: float) -> float:
    """Variance of each mode, max_val / v(n), in the published experiment.

    AdaGAN's public code (2017): v(n) = 3^(2/d) for n = 1, 2; 8^(2/d) for 3; 20^(2/d) for 4;
    10^(2/d) for 5; 3 n^2 otherwise. Ten modes in the plane at max_val = 15: 0.05.
    """
    volume = {1: 3.0, 2: 3.0, 3: 8.0, 4: 20.0, 5: 10.0}.get(modes)
    factor = 3.0 * modes**2 if volume is None else volume ** (2.0 / dimension)
    return max_val / factor


def random_gmm(modes: int, dimension: int, max_val: float, data_seed: int) -> GaussianMixture:
    """The published data: means uniform in [-max_val, max_val]^d, drawn as published."""
    means = np.random.RandomState(data_seed).uniform(-max_val, max_val, size=(modes, dimension))
    sigma = np.sqrt(published_variance(modes, dimension, max_val))
    return GaussianMixture(means, float(sigma), np.full(modes, 1.0 / modes))


def circle_gmm(modes: int, radius: float) -> GaussianMixture:
    """Modes of variance 0.01, evenly on a circle.

    The published code lays the angles with both ends of [0, 2 pi], so that its first mode counts
    twice; here each mode counts once.
    """
    angles = np.linspace(0.0, 2.0 * np.pi, modes, endpoint=False)
    means = radius * np.stack([np.sin(angles), np.cos(angles)], axis=1)
    return GaussianMixture(means, 0.1, np.full(modes, 1.0 / modes))


RARE = 0.05
"""Weight of a rare mode against that of another one."""


def ring(unbalanced: bool) -> GaussianMixture:
    """Eight modes on a circle.

    VEEGAN (arXiv 1705.07761) and PacGAN (arXiv 1712.04086): radius 1, deviation 0.01. Unbalanced:
    radius 2.5, deviation 0.05, every second mode is rare.
    """
    means = circle_gmm(8, 2.5 if unbalanced else 1.0).means
    return GaussianMixture(means, 0.05 if unbalanced else 0.01, _weights(8, 4 if unbalanced else 0))


def grid(unbalanced: bool) -> GaussianMixture:
    """Twenty-five modes of deviation 0.05 on {-4, -2, 0, 2, 4}^2; ten are rare if unbalanced."""
    axis = np.arange(-4.0, 5.0, 2.0)
    means = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    return GaussianMixture(means, 0.05, _weights(25, 10 if unbalanced else 0))


def _weights(modes: int, rare: int) -> np.ndarray:
    """Equal weights but for some rare modes, evenly spread."""
    weights = np.ones(modes)
    weights[np.arange(rare) * modes // max(rare, 1)] = RARE
    return weights / weights.sum()

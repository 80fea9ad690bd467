"""Whether density ratios can be believed: what a discriminator says of points it never saw.

Imports neither TensorFlow nor matplotlib.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from evaluation.kde import KernelDensity, fit

BINS = 10
"""Of the predicted probability, equally wide."""
POINTS, POINTS_COMPARED = 2000, 500
"""Of each kind at most; at so many of them the ratio is compared with another estimate of it."""
KDE_SAMPLES, KDE_VALIDATION = 4000, 250
"""Samples of the mixture behind its density, of which so many choose the bandwidth."""


class Unseen(NamedTuple):
    """A mixture discriminator's logits, of "real", at points that it was not trained on."""

    real_logits: np.ndarray  # [n] float32, of the data
    generated_logits: np.ndarray  # [n] float32, of the mixture
    points: np.ndarray  # [2, c, d] the first of both kinds; none unless densities are compared
    samples: np.ndarray  # [KDE_SAMPLES, d] further ones of the mixture; or none

    @staticmethod
    def nothing() -> "Unseen":
        """Where no discriminator was trained."""
        return Unseen(*(np.zeros(0, np.float32),) * 4)

    def reliability(self) -> "Reliability":
        """Predictions against outcomes; as many points are real as are generated."""
        predicted = expit(np.concatenate([self.real_logits, self.generated_logits], axis=None))
        real = np.repeat([1.0, 0.0], [len(self.real_logits), len(self.generated_logits)])
        index = np.minimum((predicted * BINS).astype(int), BINS - 1)
        counts = np.bincount(index, minlength=BINS)
        full = counts > 0
        means = [np.bincount(index, each, BINS)[full] / counts[full] for each in (predicted, real)]
        return Reliability(means[0], means[1], counts[full])

    def mixture_density(self) -> KernelDensity:
        """An estimate of the mixture's density from the further samples."""
        samples, validation = np.split(self.samples.astype(np.float64), [-KDE_VALIDATION])
        return fit(samples, validation)


class Reliability(NamedTuple):
    """By bin of the predicted probability of "real", bins without points left out."""

    predicted: np.ndarray  # [b] mean prediction
    observed: np.ndarray  # [b] share of points that are real
    counts: np.ndarray  # [b] points

    @property
    def error(self) -> float:
        """Expected calibration error (Naeini et al., AAAI 2015): mean |observed - predicted|."""
        return float(np.abs(self.observed - self.predicted) @ self.counts / self.counts.sum())

    @property
    def noise(self) -> float:
        """The error that perfectly calibrated predictions show on so few points, about.

        |observed - predicted| of n points is then about a normal's absolute value, of deviation
        sqrt(p (1 - p) / n) and mean sqrt(2 / pi) times that.
        """
        deviations = self.deviations * np.sqrt(2.0 / np.pi)
        return float(deviations @ self.counts / self.counts.sum())

    @property
    def deviations(self) -> np.ndarray:
        """[b] standard deviation of the observed shares, were the predictions right."""
        return np.sqrt(self.predicted * (1.0 - self.predicted) / self.counts)

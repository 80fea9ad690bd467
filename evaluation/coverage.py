"""Coverage C and log likelihood: the published metric.

Imports no TensorFlow.
"""

from typing import NamedTuple, Tuple

import numpy as np

from evaluation import kde

MASS = 0.95
"""Share of the model's own samples inside the level set that C looks at."""


class Likelihood(NamedTuple):
    """The published pair."""

    log_p: float  # mean log density of real points under the model's KDE, nats
    coverage: float  # C, share of real points inside the model's 95 % level set


def level(density: kde.KernelDensity, negligible: float = kde.EXP_IS_ZERO) -> float:
    """Log density that 95 % of the model's own samples exceed; see `log_density`."""
    own = density.log_density(density.samples, negligible)
    return float(np.percentile(own, 100 * (1 - MASS)))


def evaluate(
    samples: np.ndarray, validation: np.ndarray, real: np.ndarray
) -> Tuple[Likelihood, kde.KernelDensity]:
    """C and log_p of a model from its samples.

    AdaGAN (arXiv 1701.02386), Section 4.1: C = P_d(dP_model > t) with t such that
    P_model(dP_model > t) = 0.95, the densities by a KDE. A perfect model scores about 0.95 and,
    with the KDE of finite samples, less: see a perfect sampler's figures beside it.

    Args:
      samples: [M, d] samples of the model.
      validation: [V, d] further ones that choose the bandwidth.
      real: [R, d] points of the data.

    Returns:
      The pair, and the KDE that it came from.
    """
    density = kde.fit(samples, validation)
    log_density = density.log_density(real)
    covered = float(np.mean(log_density > level(density)))
    return Likelihood(float(log_density.mean()), covered), density
